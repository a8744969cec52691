import { mkdir, mkdtemp, readFile, rm, symlink, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, dirname, join } from 'node:path';

import fc from 'fast-check';
import { PNG } from 'pngjs';
import sharp from 'sharp';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';

import type { AnyStage, Images } from '@privatesnn/core';
import { fakeContext, runStageContract } from '@privatesnn/testkit';

import { openFileTree } from './file-tree.js';
import { imageFolder } from './image-folder.js';
import { zip, type Files } from './testing/zip.js';
import { tinyImagenet } from './tiny-imagenet.js';

let folder: string;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'privatesnn-pictures-'));
  vi.stubEnv('PRIVATESNN_TINY_IMAGENET', '');
  vi.stubEnv('XDG_CACHE_HOME', join(folder, 'cache'));
});
afterEach(async () => {
  vi.unstubAllEnvs();
  await rm(folder, { recursive: true, force: true });
});

async function writeFolder(files: Files, name = 'set'): Promise<string> {
  for (const [path, content] of Object.entries(files)) {
    await mkdir(dirname(join(folder, name, path)), { recursive: true });
    await writeFile(join(folder, name, path), content);
  }
  return join(folder, name);
}

function rgba(height: number, width: number, [r, g, b]: readonly [number, number, number]): Buffer {
  return Buffer.from(Array.from({ length: height * width }, () => [r, g, b, 255]).flat());
}

function makeJpeg(colour: readonly [number, number, number]): Promise<Buffer> {
  const raw = { height: 8, width: 8, channels: 4 } as const;
  return sharp(rgba(8, 8, colour), { raw })
    .jpeg({ quality: 95 })
    .toBuffer();
}

function makePng(colour: readonly [number, number, number], height = 2, width = 3): Buffer {
  const png = new PNG({ height, width });
  png.data = rgba(height, width, colour);
  return PNG.sync.write(png);
}

const grey = [90, 90, 90] as const;
const [red, green, blue, dull] = await Promise.all(
  ([[200, 0, 0], [0, 200, 0], [0, 0, 200], grey] as const).map(makeJpeg),
);
const tiny = (root = ''): Files => ({
  [`${root}wnids.txt`]: 'n2\nn1\n',
  [`${root}words.txt`]: 'n1\tcat, house cat\nn3\tentity\nn2\tdog\n',
  [`${root}train/n1/images/n1_10.JPEG`]: red!,
  [`${root}train/n1/images/n1_9.JPEG`]: green!,
  [`${root}train/n1/n1_boxes.txt`]: '',
  [`${root}train/n2/images/n2_0.JPEG`]: dull!,
  [`${root}val/images/val_0.JPEG`]: blue!,
  [`${root}val/val_annotations.txt`]: 'val_0.JPEG\tn1\t0\t0\t9\t9\nval_1.JPEG\tn2\t0\t0\t9\t9\n',
});

async function run(stage: AnyStage, options: Record<string, unknown>) {
  const context = fakeContext();
  const instance = stage.create({}, stage.options.parse(options));
  const { images } = (await instance.run(context, {})) as { images: Images };
  return { images, context, fingerprint: await instance.fingerprint!(context) };
}

describe('contracts', () => {
  let path = '';
  beforeEach(async () => (path = await writeFolder(tiny())));
  runStageContract(tinyImagenet, { options: () => ({ path, split: 'test' }) });
  beforeEach(async () => {
    await writeFolder({ 'cat/1.png': makePng(grey), 'dog/1.png': makePng(grey) }, 'pets');
  });
  runStageContract(imageFolder, { options: () => ({ path: join(folder, 'pets') }) });
});

describe('tiny-imagenet', () => {
  it('reads the original layout from a folder and from a zip, classes in turns', async () => {
    const path = await writeFolder(tiny());
    const file = join(folder, 'tiny.zip');
    await writeFile(file, zip(tiny('tiny-imagenet-200/')));
    for (const options of [{ path }, { path: file }]) {
      const { images, context } = await run(tinyImagenet, options);
      expect(images.shape).toEqual([3, 8, 8, 3]);
      expect(images.classNames).toEqual(['dog', 'cat']);
      expect([...images.labels]).toEqual([0, 1, 1]);
      const first = (i: number) => [...images.pixels.subarray(i * 192, i * 192 + 3)];
      expect(first(0)).toEqual([...grey]);
      expect(first(1)[1]).toBeGreaterThan(190);
      expect(first(2)[0]).toBeGreaterThan(190);
      expect(context.warnings).toEqual(['This copy holds 3 of the 100000 train images.']);
    }
  });

  it('takes the validation images as the test split, those that are there', async () => {
    vi.stubEnv('PRIVATESNN_TINY_IMAGENET', await writeFolder(tiny()));
    const { images, context } = await run(tinyImagenet, { split: 'test' });
    expect([...images.labels]).toEqual([1]);
    expect(context.warnings).toEqual(['This copy holds 1 of the 10000 test images.']);
  });

  it('refuses a class that wnids.txt does not list, another layout, and no path', async () => {
    const wrong = { ...tiny(), 'val/val_annotations.txt': 'val_0.JPEG\tn1\nval_0.JPEG\tn9\n' };
    await expect(
      run(tinyImagenet, { path: await writeFolder(wrong), split: 'test' }),
    ).rejects.toThrow(/Line 2 of .* names the class "n9"/);
    const other = await writeFolder({ 'a/b.png': makePng(grey) }, 'other');
    await expect(run(tinyImagenet, { path: other })).rejects.toThrow(/holds no wnids.txt/);
    await expect(run(tinyImagenet, {})).rejects.toMatchObject({ code: 'DATASET_PATH' });
  });
});

describe('image-folder', () => {
  const pets = { 'dog/1.png': makePng([255, 0, 0]), 'cat/1.png': makePng([0, 0, 255]) };

  it('takes folders as classes, and makes colours grey when asked to', async () => {
    const path = await writeFolder({ ...pets, 'cat/2.png': makePng([1, 2, 3]), 'notes.txt': 'x' });
    const { images } = await run(imageFolder, { path });
    expect(images.shape).toEqual([3, 2, 3, 3]);
    expect(images.classNames).toEqual(['cat', 'dog']);
    expect([...images.labels]).toEqual([0, 1, 0]);
    expect([...images.pixels.subarray(0, 3)]).toEqual([0, 0, 255]);
    const grey = await run(imageFolder, { path, channels: 1, classNames: ['dog', 'cat'] });
    expect(grey.images.pixels.subarray(0, 6)).toEqual(
      new Uint8Array(6).fill(Math.round(0.299 * 255)),
    );
  });

  it('has a fingerprint that changes with the files', async () => {
    const path = await writeFolder(pets);
    const before = await run(imageFolder, { path });
    expect((await run(imageFolder, { path })).fingerprint).toBe(before.fingerprint);
    await writeFile(join(path, 'dog', '2.png'), makePng([9, 9, 9]));
    expect((await run(imageFolder, { path })).fingerprint).not.toBe(before.fingerprint);
  });

  it.each<[string, Files, Record<string, unknown>, string]>([
    ['pictures of two sizes', { ...pets, 'dog/2.png': makePng(grey, 3, 3) }, {}, 'IMAGE_SIZE'],
    ['something else as a picture', { ...pets, 'cat/1.png': 'hello' }, {}, 'IMAGE_FORMAT'],
    [
      'a truncated picture',
      { ...pets, 'cat/1.png': makePng(grey).subarray(0, 40) },
      {},
      'IMAGE_CORRUPT',
    ],
    ['too large a picture', pets, { maxPixels: 5 }, 'IMAGE_TOO_LARGE'],
    ['a wrong class', pets, { classNames: ['dog', 'bird'] }, 'DATASET_CLASS_FOLDERS'],
  ])('refuses %s', async (_, files, options, code) => {
    const path = await writeFolder(files);
    await expect(run(imageFolder, { path, ...options })).rejects.toMatchObject({ code });
  });

  it('prints the class map, and warns once of all that it leaves out', async () => {
    const files = { '10/a.PNG': makePng(grey), '9/b.png': makePng(grey), '9/c.bmp': 'BM' };
    const path = await writeFolder({ ...files, '9/.c.png': '', '.git/x.png': '', 'x~/y.png': '' });
    await mkdir(join(path, 'empty'));
    const { images, context } = await run(imageFolder, { path });
    expect(images.classNames).toEqual(['9', '10']);
    expect(context.infos).toEqual([`2 pictures of 2 classes in ${path}: 0 = 9 (1), 1 = 10 (1).`]);
    expect(context.warnings).toEqual([
      `Left out of ${basename(path)}: 1 file of other types (1 .bmp); 1 folder without pictures (empty).`,
    ]);
  });

  it('follows links to folders and pictures, and no link in a circle', async () => {
    const path = await writeFolder({ 'cat/1.png': makePng(grey) });
    const elsewhere = await writeFolder({ 'x.png': makePng([1, 2, 3]) }, 'elsewhere');
    await symlink(elsewhere, join(path, 'dog'));
    await symlink(join(elsewhere, 'x.png'), join(path, 'cat', '2.png'));
    await symlink(path, join(path, 'cat', 'up'));
    await symlink(join(path, 'nowhere'), join(path, 'cat', '3.png'));
    const { images, context, fingerprint } = await run(imageFolder, { path });
    expect([...images.labels]).toEqual([0, 1, 0]);
    expect(context.warnings).toEqual([
      `Left out of ${basename(path)}: 2 links to nowhere or back (cat/3.png, cat/up).`,
    ]);
    await writeFile(join(elsewhere, 'x.png'), makePng([3, 2, 1]));
    expect((await run(imageFolder, { path })).fingerprint).not.toBe(fingerprint);
  });

  it('says how many pictures are transparent', async () => {
    const clear = new PNG({ height: 2, width: 3 });
    clear.data = Buffer.alloc(24, 7);
    const path = await writeFolder({ ...pets, 'cat/2.png': PNG.sync.write(clear) });
    const { images, context } = await run(imageFolder, { path });
    expect([...images.pixels.subarray(36, 39)]).toEqual([7, 7, 7]);
    expect(context.warnings).toEqual([
      '1 of 3 pictures are transparent in places; the colours that lie under it count.',
    ]);
  });

  it('brings pictures of any size to one, with a background where they are padded', async () => {
    const files = { 'a/1.png': makePng([200, 0, 0], 2, 6), 'b/1.png': makePng([0, 200, 0], 9, 3) };
    const path = await writeFolder(files);
    await expect(run(imageFolder, { path })).rejects.toMatchObject({
      code: 'IMAGE_SIZE',
      hint: expect.stringContaining('"size"') as string,
    });
    const { images } = await run(imageFolder, { path, size: [2, 4] });
    expect(images.shape).toEqual([2, 2, 4, 3]);
    expect([...images.pixels.subarray(0, 3)]).toEqual([200, 0, 0]);
    const padded = await run(imageFolder, { path, size: 6, fit: 'pad', background: [1, 2, 3] });
    expect(padded.images.shape).toEqual([2, 6, 6, 3]);
    expect([...padded.images.pixels.subarray(0, 3)]).toEqual([1, 2, 3]);
    const grey = await run(imageFolder, { path, size: 6, fit: 'pad', channels: 1 });
    expect(grey.images.shape).toEqual([2, 6, 6, 1]);
    expect(grey.images.pixels[0]).toBe(0);
  });

  it('has one fingerprint for a set wherever it lies, another for another picture', async () => {
    const one = await run(imageFolder, { path: await writeFolder(pets, 'one') });
    const two = await writeFolder(pets, 'two');
    await utimes(join(two, 'cat/1.png'), 1, 1);
    expect((await run(imageFolder, { path: two })).fingerprint).toBe(one.fingerprint);
    // The same size and the same times.
    const other = Buffer.from(makePng([0, 0, 255]));
    other[other.length - 1]! ^= 1;
    await writeFile(join(two, 'cat/1.png'), other);
    await utimes(join(two, 'cat/1.png'), 1, 1);
    const instance = imageFolder.create({}, imageFolder.options.parse({ path: two }));
    expect(await instance.fingerprint!(fakeContext())).not.toBe(one.fingerprint);
  });

  it('needs a path, and class names that differ', async () => {
    const check = (options: object) =>
      imageFolder.check!(imageFolder.options.parse(options), new Set());
    expect(check({ path: 'x', classNames: ['a', 'a'] })).toMatchObject([
      { code: 'DATASET_CLASS_NAMES' },
    ]);
    expect(check({})).toMatchObject([{ code: 'DATASET_PATH' }]);
    await expect(run(imageFolder, { path: join(folder, 'no') })).rejects.toMatchObject({
      code: 'DATASET_FILE_MISSING',
    });
  });
});

describe('a zip as a file tree', () => {
  it('refuses a file that was cut anywhere', async () => {
    const whole = zip({ 'a/1.txt': 'one', 'a/2.txt': 'two' });
    const file = join(folder, 'cut.zip');
    await fc.assert(
      fc.asyncProperty(fc.integer({ min: 0, max: whole.length - 1 }), async (length) => {
        await writeFile(file, whole.subarray(0, length));
        await expect(openFileTree(file, 100)).rejects.toMatchObject({
          code: 'DATASET_FILE_CORRUPT',
        });
      }),
      { numRuns: 40 },
    );
    await writeFile(file, whole);
    const tree = await openFileTree(file, 100);
    expect(tree.names).toEqual(['a/1.txt', 'a/2.txt']);
    expect(Buffer.from(await tree.read('a/2.txt')).toString()).toBe('two');
    await expect(tree.read('a/3.txt')).rejects.toMatchObject({ code: 'DATASET_FILE_MISSING' });
    tree.close();
    expect((await readFile(file)).length).toBe(whole.length);
  });
});
