import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { crc32 } from 'node:zlib';

import fc from 'fast-check';
import jpeg from 'jpeg-js';
import { PNG } from 'pngjs';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';

import { UserError, type AnyStage, type Images } from '@privatesnn/core';
import { fakeContext, runStageContract } from '@privatesnn/testkit';

import { decodeImage } from './decode-image.js';
import { openFileTree } from './file-tree.js';
import { imageFolder } from './image-folder.js';
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

type Files = Readonly<Record<string, Uint8Array | string>>;

async function writeFolder(files: Files, name = 'set'): Promise<string> {
  for (const [path, content] of Object.entries(files)) {
    await mkdir(dirname(join(folder, name, path)), { recursive: true });
    await writeFile(join(folder, name, path), content);
  }
  return join(folder, name);
}

/** A zip file without compression, from the format's definition. */
function zip(files: Files): Buffer {
  const locals: Buffer[] = [];
  const directory: Buffer[] = [];
  let offset = 0;
  for (const [path, content] of Object.entries(files)) {
    const [name, data] = [Buffer.from(path), Buffer.from(content)];
    const common = Buffer.alloc(26);
    common.writeUInt16LE(20, 0);
    common.writeUInt32LE(crc32(data), 10);
    common.writeUInt32LE(data.length, 14);
    common.writeUInt32LE(data.length, 18);
    common.writeUInt16LE(name.length, 22);
    const local = Buffer.concat([Buffer.from('PK\x03\x04'), common, name, data]);
    const rest = Buffer.alloc(14);
    rest.writeUInt32LE(offset, 10);
    directory.push(Buffer.concat([Buffer.from('PK\x01\x02\x14\0'), common, rest, name]));
    locals.push(local);
    offset += local.length;
  }
  const entries = Buffer.concat(directory);
  const end = Buffer.alloc(22);
  end.write('PK\x05\x06');
  end.writeUInt16LE(directory.length, 8);
  end.writeUInt16LE(directory.length, 10);
  end.writeUInt32LE(entries.length, 12);
  end.writeUInt32LE(offset, 16);
  return Buffer.concat([...locals, entries, end]);
}

function rgba(height: number, width: number, [r, g, b]: readonly [number, number, number]): Buffer {
  return Buffer.from(Array.from({ length: height * width }, () => [r, g, b, 255]).flat());
}

function makeJpeg(colour: readonly [number, number, number], size = 8): Uint8Array {
  return jpeg.encode({ height: size, width: size, data: rgba(size, size, colour) }, 95).data;
}

function makePng(colour: readonly [number, number, number], height = 2, width = 3): Buffer {
  const png = new PNG({ height, width });
  png.data = rgba(height, width, colour);
  return PNG.sync.write(png);
}

const grey = [90, 90, 90] as const;
const tiny = (root = ''): Files => ({
  [`${root}wnids.txt`]: 'n2\nn1\n',
  [`${root}words.txt`]: 'n1\tcat, house cat\nn3\tentity\nn2\tdog\n',
  [`${root}train/n1/images/n1_10.JPEG`]: makeJpeg([200, 0, 0]),
  [`${root}train/n1/images/n1_9.JPEG`]: makeJpeg([0, 200, 0]),
  [`${root}train/n1/n1_boxes.txt`]: '',
  [`${root}train/n2/images/n2_0.JPEG`]: makeJpeg(grey),
  [`${root}val/images/val_0.JPEG`]: makeJpeg([0, 0, 200]),
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
  runStageContract(imageFolder, { options: () => ({ path: join(path, 'train') }) });
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
    const one = await run(imageFolder, { path, channels: 1, classNames: ['dog'] });
    expect(one.images.pixels).toEqual(new Uint8Array(6).fill(Math.round(0.299 * 255)));
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
    ['something else under a picture’s name', { 'a/1.png': 'hello' }, {}, 'IMAGE_FORMAT'],
    ['a truncated picture', { 'a/1.png': makePng(grey).subarray(0, 40) }, {}, 'IMAGE_CORRUPT'],
    ['an absent class', pets, { classNames: ['bird'] }, 'DATASET_FILE_MISSING'],
    ['a folder without pictures', { 'a/b.txt': '' }, {}, 'DATASET_FILE_MISSING'],
  ])('refuses %s', async (_, files, options, code) => {
    const path = await writeFolder(files);
    await expect(run(imageFolder, { path, ...options })).rejects.toMatchObject({ code });
  });

  it('needs a path', async () => {
    const mistakes = imageFolder.check!(imageFolder.options.parse({}), new Set());
    expect(mistakes).toMatchObject([{ code: 'DATASET_PATH' }]);
    await expect(run(imageFolder, { path: join(folder, 'no') })).rejects.toMatchObject({
      code: 'DATASET_FILE_MISSING',
    });
  });
});

describe('decodeImage', () => {
  it('fails on cut or damaged pictures with a UserError, or decodes them', async () => {
    const pictures = [makeJpeg([10, 200, 30], 16), makePng([10, 200, 30])];
    await fc.assert(
      fc.asyncProperty(
        fc.constantFrom(...pictures),
        fc.nat(),
        fc.array(fc.tuple(fc.nat(), fc.nat(255)), { maxLength: 3 }),
        async (picture, cut, damage) => {
          const bytes = Uint8Array.from(picture.subarray(0, 1 + (cut % picture.length)));
          // The size fields of both formats stay: a picture that says it is huge is another matter.
          for (const [at, value] of damage) bytes[Math.max(200, at % bytes.length)] = value;
          try {
            await decodeImage(bytes, 3, 'x');
          } catch (error) {
            expect(error).toBeInstanceOf(UserError);
          }
        },
      ),
      { numRuns: 200 },
    );
  });
});

describe('a zip as a file tree', () => {
  it('refuses a file that was cut anywhere', async () => {
    const whole = zip({ 'a/1.txt': 'one', 'a/2.txt': 'two' });
    const file = join(folder, 'cut.zip');
    await fc.assert(
      fc.asyncProperty(fc.integer({ min: 0, max: whole.length - 1 }), async (length) => {
        await writeFile(file, whole.subarray(0, length));
        await expect(openFileTree(file)).rejects.toMatchObject({ code: 'DATASET_FILE_CORRUPT' });
      }),
      { numRuns: 40 },
    );
    await writeFile(file, whole);
    const tree = await openFileTree(file);
    expect(tree.names).toEqual(['a/1.txt', 'a/2.txt']);
    expect(Buffer.from(await tree.read('a/2.txt')).toString()).toBe('two');
    await expect(tree.read('a/3.txt')).rejects.toMatchObject({ code: 'DATASET_FILE_MISSING' });
    tree.close();
    expect((await readFile(file)).length).toBe(whole.length);
  });
});
