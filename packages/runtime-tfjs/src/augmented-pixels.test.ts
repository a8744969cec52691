import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { pixelsIn, selectImages, type Images } from '@privatesnn/core';
import { testStream } from '@privatesnn/testkit';

import { augmentedPixels } from './augmented-pixels.js';

const images: fc.Arbitrary<Images> = fc
  .tuple(
    fc.integer({ min: 1, max: 4 }),
    fc.integer({ min: 1, max: 5 }),
    fc.integer({ min: 1, max: 5 }),
    fc.integer({ min: 1, max: 3 }),
  )
  .chain(([count, height, width, channels]) => {
    const length = count * height * width * channels;
    return fc.uint8Array({ minLength: length, maxLength: length }).map((pixels) => ({
      type: 'images' as const,
      shape: [count, height, width, channels] as const,
      pixels,
      range: [0, 255] as const,
      labels: new Int32Array(count),
      classNames: ['a'],
      origin: 'real' as const,
    }));
  });

describe('augmentedPixels', () => {
  it('without augmentation takes the images as they are, in the wanted range', () => {
    fc.assert(
      fc.property(images, fc.array(fc.nat(3)), (all, places) => {
        const indices = places.map((place) => place % all.shape[0]);
        const batch = augmentedPixels(
          all,
          indices,
          [-1, 1],
          { flip: false, shift: 0 },
          testStream('x'),
        );
        expect(batch).toEqual(pixelsIn(selectImages(all, indices), [-1, 1]));
      }),
    );
  });

  it('with flips gives each row as it is or mirrored', () => {
    fc.assert(
      fc.property(images, fc.nat(), (all, seed) => {
        const [count, height, width, channels] = all.shape;
        const plain = pixelsIn(all, [0, 1]);
        const indices = [...Array(count).keys()];
        const options = { flip: true, shift: 0 };
        const batch = augmentedPixels(all, indices, [0, 1], options, testStream('x', seed));
        const row = (data: Float32Array, i: number) =>
          Array.from({ length: width }, (_, x) =>
            data.slice((i * width + x) * channels, (i * width + x + 1) * channels),
          );
        for (let i = 0; i < count * height; i++) {
          const found = row(batch, i);
          const kept = row(plain, i);
          expect([JSON.stringify(kept), JSON.stringify(kept.toReversed())]).toContain(
            JSON.stringify(found),
          );
        }
      }),
    );
  });

  it('moves images by at most the shift, and fills with the lowest value', () => {
    const one: Images = {
      type: 'images',
      shape: [1, 5, 5, 1],
      pixels: new Uint8Array(25).map((_, i) => (i === 12 ? 255 : 128)),
      range: [0, 255],
      labels: Int32Array.of(0),
      classNames: ['a'],
      origin: 'real',
    };
    const seen = new Set<number>();
    for (let seed = 0; seed < 100; seed++) {
      const batch = augmentedPixels(
        one,
        [0],
        [-1, 1],
        { flip: false, shift: 1 },
        testStream('x', seed),
      );
      const place = batch.indexOf(1);
      seen.add(place);
      const [dy, dx] = [Math.floor(place / 5) - 2, (place % 5) - 2];
      for (let y = 0; y < 5; y++) {
        for (let x = 0; x < 5; x++) {
          const outside = y - dy < 0 || y - dy > 4 || x - dx < 0 || x - dx > 4;
          expect(batch[y * 5 + x] === -1).toBe(outside);
        }
      }
    }
    expect([...seen].sort((a, b) => a - b)).toEqual([6, 7, 8, 11, 12, 13, 16, 17, 18]);
  });
});
