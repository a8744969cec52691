import { execFile } from 'node:child_process';
import { mkdir, mkdtemp, rm, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { promisify } from 'node:util';
import { crc32, deflateRawSync, deflateSync, gzipSync } from 'node:zlib';

import { Header } from 'tar';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';

import { assertFits } from './memory.js';
import { zip } from './testing/zip.js';

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'privatesnn-memory-'));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

async function write(name: string, content: Uint8Array): Promise<string> {
  await mkdir(dirname(join(folder, name)), { recursive: true });
  await writeFile(join(folder, name), content);
  return join(folder, name);
}

function chunk(kind: string, data: Uint8Array): Buffer {
  const body = Buffer.concat([Buffer.from(kind), data]);
  const [length, sum] = [Buffer.alloc(4), Buffer.alloc(4)];
  length.writeUInt32BE(data.length);
  sum.writeUInt32BE(crc32(body));
  return Buffer.concat([length, body, sum]);
}

/** A PNG of one bit a pixel, with that size in its header. */
function png(side: number, data: Uint8Array, more: Uint8Array = Buffer.alloc(0)): Buffer {
  const header = Buffer.from([0, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0]);
  header.writeUInt32BE(side, 0);
  header.writeUInt32BE(side, 4);
  return Buffer.concat([
    Buffer.from('89504e470d0a1a0a', 'hex'),
    chunk('IHDR', header),
    more,
    chunk('IDAT', deflateSync(data)),
    chunk('IEND', Buffer.alloc(0)),
  ]);
}

function idx(dimensions: readonly number[], data: Uint8Array): Buffer {
  const header = Buffer.alloc(4 + 4 * dimensions.length);
  header.writeUInt32BE(0x0800 + dimensions.length);
  dimensions.forEach((size, i) => header.writeUInt32BE(size, 4 + 4 * i));
  return Buffer.concat([header, data]);
}

function tar(name: string, size: number, data: Uint8Array): Buffer {
  const header = Buffer.alloc(512);
  new Header({ path: name, size, type: 'File', mode: 0o644 }).encode(header);
  return Buffer.concat([header, data]);
}

async function mnist(name: string, images: Uint8Array, labels: Uint8Array): Promise<string> {
  await write(`${name}/train-images-idx3-ubyte.gz`, images);
  return dirname(await write(`${name}/train-labels-idx1-ubyte.gz`, labels));
}

async function pictures(name: string, picture: Uint8Array): Promise<string> {
  await write(`${name}/b/1.png`, png(1, Buffer.alloc(2)));
  return join(await write(`${name}/a/1.png`, picture), '../..');
}

/** Sparse: it takes no room on the disk. */
async function sparse(name: string, size: number): Promise<string> {
  const file = await write(name, Buffer.alloc(0));
  await truncate(file, size);
  return file;
}

/** Sixty megabytes that pack to sixty kilobytes. */
const zeros = Buffer.alloc(60e6);

async function cases(): Promise<readonly [string, object, string][]> {
  const one = gzipSync(idx([1], Buffer.from([7])));
  const deflated = deflateRawSync(zeros);
  const bomb = chunk('zTXt', Buffer.concat([Buffer.from('a\0\0'), deflateSync(zeros)]));
  const side = 20_000;
  const thin = await pictures('thin', png(1, Buffer.alloc(2)));
  await sparse('thin/a/1.png', 1e12);
  return [
    // What is harmless comes first: libraries are loaded.
    ['image-folder', { path: await pictures('small', png(1, Buffer.alloc(2))) }, 'read'],
    [
      'mnist',
      { path: await mnist('one', gzipSync(idx([1, 1, 1], Buffer.from([9]))), one) },
      'read',
    ],

    [
      'image-folder',
      { path: await pictures('claim', png(65_000, Buffer.alloc(9))) },
      'IMAGE_CORRUPT',
    ],
    [
      'image-folder',
      { path: await pictures('large', png(side, zeros.subarray(0, side * (1 + side / 8)))) },
      'IMAGE_TOO_LARGE',
    ],
    ['image-folder', { path: await pictures('text', png(1, Buffer.alloc(2), bomb)) }, 'read'],
    ['image-folder', { path: thin }, 'DATASET_TOO_LARGE'],
    ['image-folder', { path: await sparse('x.zip', 1e12) }, 'DATASET_FILE_CORRUPT'],
    [
      'image-folder',
      {
        path: await write(
          'bomb.zip',
          zip({ 'a/1.png': zeros, 'b/1.png': 'x' }, { pack: () => deflated }),
        ),
      },
      'IMAGE_FORMAT',
    ],
    [
      'image-folder',
      {
        path: await write('lie.zip', zip({ 'a/1.png': 'x', 'b/1.png': 'x' }, { size: 0xf0000000 })),
      },
      'DATASET_FILE_CORRUPT',
    ],

    ['mnist', { path: await mnist('zeros', gzipSync(zeros), one) }, 'DATASET_FILE_MAGIC'],
    [
      'mnist',
      { path: await mnist('labels', one, gzipSync(idx([4e9], Buffer.alloc(9)))) },
      'DATASET_FILE_SIZE',
    ],
    [
      'mnist',
      { path: await mnist('more', gzipSync(idx([1, 2, 2], zeros)), one) },
      'DATASET_FILE_SIZE',
    ],
    [
      'mnist',
      {
        path: await mnist('wide', gzipSync(idx([1, 6000, 10_000], zeros)), one),
        maxMegabytes: 50,
      },
      'DATASET_TOO_LARGE',
    ],

    [
      'cifar10',
      { path: join(await sparse('cifar/data_batch_1.bin', 3073e9), '..') },
      'DATASET_TOO_LARGE',
    ],
    [
      'cifar10',
      { path: await write('lie.tar', tar('data_batch_1.bin', 3073 * 2e6, Buffer.alloc(512))) },
      'DATASET_TOO_LARGE',
    ],
    [
      'cifar10',
      {
        path: await write('cut.tar', tar('data_batch_1.bin', 3073 * 2e6, Buffer.alloc(512))),
        limit: 5,
      },
      'DATASET_FILE_CORRUPT',
    ],
    [
      'cifar10',
      {
        path: await write('bomb.tar.gz', gzipSync(tar('x', zeros.length, zeros))),
        maxMegabytes: 50,
      },
      'DATASET_TOO_LARGE',
    ],
    [
      'cifar10',
      { path: await write('twice.tar.gz', gzipSync(gzipSync(zeros))) },
      'DATASET_FILE_CORRUPT',
    ],
    ['cifar10', { path: '/dev/zero' }, 'DATASET_FILE_CORRUPT'],
  ];
}

describe('small files that claim or unpack to much', () => {
  it('are refused before memory is taken for them', async () => {
    const all = await cases();
    const core = resolve(import.meta.dirname, '../../core/src/testing/typescript-loader.js');
    const { stdout } = await promisify(execFile)(
      process.execPath,
      [
        '-C',
        '@privatesnn/source',
        '--import',
        core,
        join(import.meta.dirname, 'testing/read-child.ts'),
        JSON.stringify(all.map(([stage, options]) => [stage, options])),
      ],
      { env: { ...process.env, PRIVATESNN_MNIST: '' } },
    );
    const results = stdout
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as { code: string; megabytes: number });
    expect(results.map(({ code }) => code)).toEqual(all.map(([, , code]) => code));
    const grown = results.slice(2).reduce((sum, { megabytes }) => sum + megabytes, 0);
    // Buffers of streams, most of it; one of these files unpacked is more.
    expect(grown).toBeLessThan(50);
  });
});

describe('assertFits', () => {
  const claim = { what: 'much', file: 'x', maxMegabytes: 100 };

  it('compares with the option, then with the memory that is free', () => {
    expect(() => assertFits({ ...claim, bytes: 100e6 })).not.toThrow();
    expect(() => assertFits({ ...claim, bytes: 100e6 + 1 })).toThrow(
      'x claims to hold much: 101 MB in memory, and the option "maxMegabytes" allows 100 MB.',
    );
    const free = vi.spyOn(process, 'availableMemory').mockReturnValue(50e6);
    expect(() => assertFits({ ...claim, bytes: 50e6 + 1 })).toThrow(
      expect.objectContaining({ code: 'MEMORY_LOW', errorClass: 'environment' }),
    );
    expect(() => assertFits({ ...claim, bytes: 50e6 })).not.toThrow();
    free.mockRestore();
  });
});
