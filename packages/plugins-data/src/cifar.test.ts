import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import fc from 'fast-check';
import { create } from 'tar';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';

import { fakeContext, runStageContract } from '@privatesnn/testkit';

import { cifar10 } from './cifar10.js';
import { cifar100 } from './cifar100.js';

let folder: string;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'privatesnn-cifar-'));
  vi.stubEnv('PRIVATESNN_CIFAR10', '');
  vi.stubEnv('PRIVATESNN_CIFAR100', '');
  vi.stubEnv('XDG_CACHE_HOME', join(folder, 'cache'));
});
afterEach(async () => {
  vi.unstubAllEnvs();
  await rm(folder, { recursive: true, force: true });
});

/** A row whose pixel p has the colours (base, base + 1, base + p mod 50). */
function row(labels: readonly number[], base: number): Buffer {
  const blue = Buffer.from(Array.from({ length: 1024 }, (_, p) => base + (p % 50)));
  return Buffer.concat([
    Buffer.from(labels),
    Buffer.alloc(1024, base),
    Buffer.alloc(1024, base + 1),
    blue,
  ]);
}

async function writeSet(name = 'cifar-10-batches-bin'): Promise<string> {
  const path = join(folder, name);
  await mkdir(path, { recursive: true });
  await writeFile(join(path, 'data_batch_1.bin'), Buffer.concat([row([3], 1), row([4], 2)]));
  await writeFile(join(path, 'data_batch_3.bin'), row([9], 3));
  await writeFile(join(path, 'test_batch.bin'), row([0], 4));
  return path;
}

async function run(stage: typeof cifar10, options: Record<string, unknown>) {
  const context = fakeContext();
  const instance = stage.create({}, stage.options.parse(options));
  const { images } = await instance.run(context, {});
  return { images, context, fingerprint: await instance.fingerprint!(context) };
}

describe('the contract', () => {
  let path = '';
  beforeEach(async () => (path = await writeSet()));
  runStageContract(cifar10, { options: () => ({ path, split: 'test' }) });
});

describe('cifar10', () => {
  it('reads a partial folder, turns planes into pixels, and says what is missing', async () => {
    const path = await writeSet();
    const { images, context } = await run(cifar10, { path });
    expect(images.shape).toEqual([3, 32, 32, 3]);
    expect([...images.labels]).toEqual([3, 4, 9]);
    expect([...images.pixels.subarray(0, 6)]).toEqual([1, 2, 1, 1, 2, 2]);
    expect([...images.pixels.subarray(2 * 3072 + 3 * 49, 2 * 3072 + 3 * 50)]).toEqual([3, 4, 52]);
    expect(images.classNames[9]).toBe('truck');
    expect(context.warnings).toEqual(['This copy holds 3 of the 50000 train images.']);
  });

  it('reads a range of the split alone, and says where it goes beyond', async () => {
    const path = await writeSet();
    const inner = await run(cifar10, { path, range: [1, 3] });
    expect([...inner.images.labels]).toEqual([4, 9]);
    expect(inner.images.pixels[0]).toBe(2);
    expect(inner.images.pixels[3072]).toBe(3);
    const beyond = await run(cifar10, { path, range: [2, 9] });
    expect([...beyond.images.labels]).toEqual([9]);
    expect(beyond.context.warnings.at(-1)).toBe(
      '7 images of places 2 to 8 were asked for; there are 1.',
    );
    await expect(run(cifar10, { path, range: [3, 9] })).rejects.toThrow(/begins below 3/);
    expect(() => cifar10.options.parse({ range: [2, 2] })).toThrow(/first place before/);
  });

  it('gives the same images from a folder, the folder above it, the environment and an archive', async () => {
    const path = await writeSet();
    const archive = join(folder, 'cifar.tar.gz');
    await create({ gzip: true, file: archive, cwd: folder }, ['cifar-10-batches-bin']);
    const expected = await run(cifar10, { path, limit: 2, shuffle: true });
    vi.stubEnv('PRIVATESNN_CIFAR10', folder);
    for (const options of [{ path: folder }, { path: archive }, {}]) {
      const found = await run(cifar10, { ...options, limit: 2, shuffle: true });
      expect(found.images).toEqual(expected.images);
    }
  });

  it('takes the class names of the folder', async () => {
    const path = await writeSet();
    const names = Array.from({ length: 10 }, (_, i) => `name ${i}`);
    await writeFile(join(path, 'batches.meta.txt'), `${names.join('\n')}\n\n`);
    expect((await run(cifar10, { path })).images.classNames).toEqual(names);
  });

  it('has a fingerprint of the content, not of the place', async () => {
    const one = await run(cifar10, { path: await writeSet('one') });
    const two = await run(cifar10, { path: await writeSet('two') });
    expect(one.fingerprint).toBe(two.fingerprint);
    await writeFile(join(folder, 'two', 'data_batch_1.bin'), row([5], 1));
    expect((await run(cifar10, { path: join(folder, 'two') })).fingerprint).not.toBe(
      one.fingerprint,
    );
  });

  it('refuses a file that was cut anywhere within a row', async () => {
    const path = await writeSet();
    const whole = Buffer.concat([row([1], 1), row([2], 2)]);
    await fc.assert(
      fc.asyncProperty(fc.integer({ min: 0, max: whole.length - 1 }), async (length) => {
        fc.pre(length % 3073 !== 0 || length === 0);
        await writeFile(join(path, 'test_batch.bin'), whole.subarray(0, length));
        await expect(run(cifar10, { path, split: 'test' })).rejects.toThrow(
          `test_batch.bin should hold 30730000 bytes (10000 rows of 3073), but holds ${length}`,
        );
      }),
      { numRuns: 20 },
    );
  });

  it('refuses a class out of range, a cut archive, and a folder of something else', async () => {
    const path = await writeSet();
    await writeFile(join(path, 'test_batch.bin'), row([10], 0));
    await expect(run(cifar10, { path, split: 'test' })).rejects.toMatchObject({
      code: 'DATASET_LABEL_RANGE',
      message: expect.stringContaining('Row 1 of') as string,
    });
    const archive = join(folder, 'cut.tar.gz');
    await create({ gzip: true, file: archive, cwd: folder }, ['cifar-10-batches-bin']);
    const { readFile } = await import('node:fs/promises');
    await writeFile(archive, (await readFile(archive)).subarray(0, 200));
    await expect(run(cifar10, { path: archive })).rejects.toMatchObject({
      code: 'DATASET_FILE_CORRUPT',
    });
    await mkdir(join(folder, 'empty'));
    await expect(run(cifar10, { path: join(folder, 'empty') })).rejects.toMatchObject({
      code: 'DATASET_FILE_MISSING',
    });
    await expect(run(cifar10, {})).rejects.toMatchObject({ code: 'DATASET_PATH' });
    vi.stubEnv('PRIVATESNN_CIFAR10', join(folder, 'cut.tar.g'));
    await expect(run(cifar10, {})).rejects.toMatchObject({
      code: 'DATASET_FILE_MISSING',
      message: expect.stringContaining('PRIVATESNN_CIFAR10') as string,
      hint: 'Did you mean "cut.tar.gz"?',
    });
  });
});

describe('cifar100', () => {
  it('takes the fine label, the second byte', async () => {
    await writeFile(join(folder, 'train.bin'), Buffer.concat([row([19, 99], 1), row([2, 0], 2)]));
    const { images } = await run(cifar100, { path: folder });
    expect([...images.labels]).toEqual([99, 0]);
    expect(images.classNames).toHaveLength(100);
  });
});
