import type { Images } from '@privatesnn/core';
import fc from 'fast-check';
import { PNG } from 'pngjs';
import { describe, expect, test } from 'vitest';

import { digitPictures, fakeRun, gridExample, stage } from '../testing/fake-run.js';
import { record } from '../testing/recorder.js';
import { glyphsOf, textWidth } from './font.js';
import { pictureGrid } from './grid.js';
import { gridOptions } from './options.js';
import { pictureGridReporter } from './picture-grid.js';
import { encodePng, picturesOf } from './picture.js';

const grid = (options: unknown, run = fakeRun()) =>
  pictureGrid('picture-grid', run, gridOptions.parse(options));

describe('columns', () => {
  test('a group has a column for each job that has pictures; shared pictures have one', async () => {
    const { groups, classes } = await grid(gridExample);
    expect(groups.map(({ title, columns }) => [title, columns.map((c) => c.title)])).toEqual([
      ['Real', ['']],
      ['Attack 1: re-conversion', ['ANN', 'DC', 'DC + CET', 'DC + CET + OD']],
      ['Attack 2: spike gradients', ['DC', 'DC + CET', 'DC + CET + OD']],
    ]);
    expect(classes).toEqual(['0', '1', '2', '3', '4', '5', '6', '7', '8', '9']);
  });

  test('jobs can be chosen and ordered', async () => {
    const groups = [{ title: 'A', pictures: 'attack1-score.pictures', jobs: ['DC', 'ANN'] }];
    const [group] = (await grid({ groups })).groups;
    expect(group!.columns.map(({ title }) => title)).toEqual(['DC', 'ANN']);
  });

  test('without groups, all pictures are shown under their own titles', async () => {
    const { groups } = await grid({});
    expect(groups.map(({ title }) => title)).toEqual(['Real images', 'Attack 1', 'Attack 2']);
  });

  test('at most the wanted number of classes', async () => {
    expect((await grid({ ...gridExample, rows: 3 })).classes).toEqual(['0', '1', '2']);
  });

  test.each([
    [{ groups: [{ title: 'A', pictures: 'atack1-score.pictures' }] }, /attack1-score\.pictures/],
    [
      { groups: [{ ...gridExample.groups[1], jobs: ['DX'] }] },
      /job "DX" that this run does not have/,
    ],
  ])('a wrong name is an error with the nearest one', async (options, message) => {
    await expect(grid(options)).rejects.toThrow(message);
  });
});

describe('pictures', () => {
  test('floats are mapped from their range to bytes and clipped', () => {
    const images: Images = {
      type: 'images',
      shape: [3, 1, 2, 1],
      pixels: Float32Array.of(-1, 1, 0, 3, 0, 0),
      range: [-1, 1],
      labels: Int32Array.of(1, 0, 1),
      classNames: ['cat', 'dog'],
      origin: 'synthetic',
    };
    const pictures = picturesOf(images, 1);
    expect(pictures.map(({ label }) => label)).toEqual(['dog', 'cat']);
    expect(pictures.map(({ picture }) => [...picture.pixels])).toEqual([
      [0, 255],
      [128, 255],
    ]);
    expect(picturesOf(images, 2)).toHaveLength(3);
  });

  test('a PNG decodes to the same pixels, grey and RGB', () => {
    const picture = fc
      .record({
        height: fc.integer({ min: 1, max: 9 }),
        width: fc.integer({ min: 1, max: 9 }),
        channels: fc.constantFrom(1 as const, 3 as const),
        seed: fc.uint8Array({ minLength: 243, maxLength: 243 }),
      })
      .map(({ seed, ...shape }) => ({
        ...shape,
        pixels: seed.subarray(0, shape.height * shape.width * shape.channels),
      }));
    fc.assert(
      fc.property(picture, ({ pixels, ...shape }) => {
        const png = PNG.sync.read(encodePng({ ...shape, pixels }));
        expect([png.height, png.width]).toEqual([shape.height, shape.width]);
        for (let i = 0; i < shape.height * shape.width; i++) {
          const grey = [0, 0, 0].map(() => pixels[i]);
          const rgb = [...pixels.subarray(i * 3, i * 3 + 3)];
          const expected = shape.channels === 1 ? grey : rgb;
          expect([...png.data.subarray(i * 4, i * 4 + 3)]).toEqual(expected);
        }
      }),
    );
  });
});

describe('the file', () => {
  test('shows every pixel of every picture as a square, in its place', async () => {
    const pictures = digitPictures('Only', 4, 3, 1, 0, 3);
    const run = {
      ...fakeRun(),
      jobs: [{ name: 'DC', axes: {}, stages: { attack: stage('attacker', 'a', { pictures }) } }],
    };
    const { files } = await record(pictureGridReporter, { cell: 12, rows: 2 }, run);
    const png = PNG.sync.read(Buffer.from(files.get('grid.png')!));
    const right = png.width - 20;
    const bottom = png.height - 20;
    const at = (x: number, y: number) => {
      const index = (y * png.width + x) * 4;
      return [...png.data.subarray(index, index + 3)];
    };
    for (let row = 0; row < 12; row++) {
      for (let column = 0; column < 12; column++) {
        const source = (Math.floor(row / 3) * 4 + Math.floor(column / 3)) * 3;
        const expected = [...pictures.items[1]!.pixels.subarray(source, source + 3)];
        expect(at(right - 12 + column, bottom - 12 + row)).toEqual(expected);
      }
    }
    expect(at(0, 0)).toEqual([255, 255, 255]);
  });

  test.each([false, true])('has the same bytes each time (colour: %s)', async (colour) => {
    const write = async () =>
      (await record(pictureGridReporter, gridExample, fakeRun(colour))).files.get('grid.png');
    expect(Buffer.from((await write())!).equals(Buffer.from((await write())!))).toBe(true);
  });

  test('is not written for a run without pictures', async () => {
    const { files } = await record(pictureGridReporter, {}, { ...fakeRun(), jobs: [] });
    expect(files.size).toBe(0);
  });
});

test('the font has a glyph of its own for every printable character', () => {
  const printable = Array.from({ length: 95 }, (_, i) => String.fromCharCode(32 + i)).join('');
  const glyphs = glyphsOf(printable).map((columns) => columns.join());
  expect(new Set(glyphs).size).toBe(95);
  expect(glyphsOf('é')).toEqual(glyphsOf('e'));
  expect(textWidth('DC', 2)).toBe(22);
});
