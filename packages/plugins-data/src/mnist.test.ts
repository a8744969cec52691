import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';

import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';

import { fakeContext, runStageContract } from '@privatesnn/testkit';

import { mnist } from './mnist.js';

let folder: string;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'privatesnn-mnist-'));
  vi.stubEnv('PRIVATESNN_MNIST', '');
  vi.stubEnv('XDG_CACHE_HOME', join(folder, 'cache'));
});
afterEach(async () => {
  vi.unstubAllEnvs();
  await rm(folder, { recursive: true, force: true });
});

const images = Buffer.from([0, 0, 8, 3, 0, 0, 0, 2, 0, 0, 0, 1, 0, 0, 0, 2, 10, 20, 30, 40]);
const labels = Buffer.from([0, 0, 8, 1, 0, 0, 0, 2, 7, 9]);

async function write(imageBytes: Uint8Array, labelBytes: Uint8Array, suffix = '') {
  await writeFile(join(folder, `train-images-idx3-ubyte${suffix}`), imageBytes);
  await writeFile(join(folder, `train-labels-idx1-ubyte${suffix}`), labelBytes);
}

async function run(options: Record<string, unknown> = {}) {
  const context = fakeContext();
  const instance = mnist.create({}, mnist.options.parse(options));
  const { images: result } = await instance.run(context, {});
  return { images: result, context, fingerprint: await instance.fingerprint!(context) };
}

runStageContract(mnist, { options: { source: 'embedded', split: 'test', limit: 20 } });

describe('mnist', () => {
  it('takes the embedded subset when there is nothing else, and says so', async () => {
    const train = await run();
    expect(train.images.shape).toEqual([4000, 28, 28, 1]);
    expect(train.context.infos).toEqual([
      'MNIST: 4000 of 4000 train images from the embedded subset.',
    ]);
    const test = await run({ split: 'test' });
    for (const [result, each] of [
      [train, 400],
      [test, 100],
    ] as const) {
      for (let digit = 0; digit < 10; digit++) {
        expect(result.images.labels.filter((label) => label === digit)).toHaveLength(each);
      }
    }
  });

  it('reads a folder of packed or unpacked files, from "path" or from the environment', async () => {
    await write(images, labels);
    const plain = await run({ path: folder });
    expect(plain.images).toMatchObject({
      shape: [2, 1, 2, 1],
      pixels: Uint8Array.of(10, 20, 30, 40),
      labels: Int32Array.of(7, 9),
      range: [0, 255],
      origin: 'real',
    });
    await rm(join(folder, 'train-images-idx3-ubyte'));
    await rm(join(folder, 'train-labels-idx1-ubyte'));
    await write(gzipSync(images), gzipSync(labels), '.gz');
    vi.stubEnv('PRIVATESNN_MNIST', folder);
    expect((await run()).images).toEqual(plain.images);
  });

  it('has a fingerprint that depends on the content alone', async () => {
    await write(images, labels);
    const one = await run({ path: folder });
    const other = Buffer.from(images);
    other[other.length - 1] = 41;
    await rm(join(folder, 'train-images-idx3-ubyte'));
    await write(gzipSync(other), labels, '.gz');
    const two = await run({ path: folder });
    expect(two.fingerprint).not.toBe(one.fingerprint);
    expect((await run()).fingerprint).toBe((await run()).fingerprint);
  });

  it.each<[string, Uint8Array, Uint8Array, string]>([
    ['another number of labels', images, Buffer.from([0, 0, 8, 1, 0, 0, 0, 1, 7]), 'LABEL_COUNT'],
    ['a label above 9', images, Buffer.from([0, 0, 8, 1, 0, 0, 0, 2, 7, 10]), 'LABEL_RANGE'],
    ['interchanged files', labels, images, 'FILE_MAGIC'],
    ['a truncated file', images.subarray(0, 18), labels, 'FILE_SIZE'],
    ['a truncated gzip file', gzipSync(images).subarray(0, 25), labels, 'FILE_CORRUPT'],
  ])('refuses %s', async (_, imageBytes, labelBytes, code) => {
    await write(imageBytes, labelBytes);
    await expect(run({ path: folder })).rejects.toMatchObject({
      name: 'UserError',
      code: `DATASET_${code}`,
      place: { file: expect.stringContaining(folder) as string },
    });
  });

  it('says what a folder lacks, and that "source: files" needs a folder', async () => {
    await expect(run({ path: folder })).rejects.toMatchObject({
      code: 'DATASET_FILE_MISSING',
      option: 'path',
    });
    vi.stubEnv('PRIVATESNN_MNIST', folder);
    await expect(run()).rejects.toMatchObject({
      code: 'DATASET_FILE_MISSING',
      message: expect.stringContaining(`PRIVATESNN_MNIST names ${folder}`) as string,
    });
    vi.stubEnv('PRIVATESNN_MNIST', '');
    await expect(run({ source: 'files' })).rejects.toMatchObject({ code: 'DATASET_PATH' });
  });

  it('suggests the nearest name for a folder that does not exist', async () => {
    await mkdir(join(folder, 'digits'));
    const missing = { code: 'DATASET_FILE_MISSING', hint: 'Did you mean "digits"?' };
    const path = join(folder, 'digts');
    await expect(run({ path })).rejects.toMatchObject({ ...missing, option: 'path' });
    vi.stubEnv('PRIVATESNN_MNIST', path);
    await expect(run()).rejects.toMatchObject({
      ...missing,
      message: `There is no dataset at ${path}. The environment variable PRIVATESNN_MNIST names ${path}.`,
    });
  });

  it('warns when more images are asked for than there are', async () => {
    await write(images, labels);
    const { context } = await run({ path: folder, limit: 3 });
    expect(context.warnings).toEqual(['3 images were asked for; there are 2.']);
  });
});
