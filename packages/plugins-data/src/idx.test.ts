import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';

import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { UserError } from '@privatesnn/core';

import { readIdx } from './idx.js';

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'privatesnn-idx-'));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

function encode(dimensions: readonly number[], data: Uint8Array): Buffer {
  const header = Buffer.alloc(4 + 4 * dimensions.length);
  header.writeUInt32BE(0x0800 + dimensions.length);
  dimensions.forEach((size, i) => header.writeUInt32BE(size, 4 + 4 * i));
  return Buffer.concat([header, data]);
}

/** Reads bytes as a file; its name is always "x". */
async function read(bytes: Uint8Array, rank: number) {
  const path = join(folder, 'x');
  await writeFile(path, bytes);
  let dimensions: readonly number[] = [];
  const data: number[] = [];
  const open = (found: readonly number[]) => {
    dimensions = found;
    return (chunk: Uint8Array) => void data.push(...chunk);
  };
  await readIdx(path, rank, open, new AbortController().signal);
  return { dimensions, data };
}

const idx = fc
  .array(fc.integer({ min: 0, max: 5 }), { minLength: 1, maxLength: 3 })
  .chain((dimensions) => {
    const length = dimensions.reduce((product, n) => product * n, 1);
    return fc.record({
      dimensions: fc.constant(dimensions),
      data: fc.uint8Array({ minLength: length, maxLength: length }),
    });
  });
const packings = fc.constantFrom((bytes: Uint8Array) => bytes, gzipSync);

describe('readIdx', () => {
  it('reads back what was written, packed or not', async () => {
    await fc.assert(
      fc.asyncProperty(idx, packings, async ({ dimensions, data }, pack) => {
        const found = await read(pack(encode(dimensions, data)), dimensions.length);
        expect(found).toEqual({ dimensions, data: [...data] });
      }),
    );
  });

  it('refuses every truncated and every longer file, and says the sizes', async () => {
    await fc.assert(
      fc.asyncProperty(idx, fc.nat(), fc.nat(9), packings, async (array, at, more, pack) => {
        const { dimensions, data } = array;
        const whole = encode(dimensions, data);
        const cut = whole.subarray(0, 1 + (at % (whole.length - 1)));
        const rank = dimensions.length;
        await expect(read(pack(cut), rank)).rejects.toThrow(
          new RegExp(`x should hold .* \\(unpacked\\), but holds ${cut.length}\\.$`),
        );
        const longer = Buffer.concat([whole, new Uint8Array(1 + more)]);
        await expect(read(pack(longer), rank)).rejects.toThrow(
          new RegExp(`should hold ${whole.length} .*, but holds (${longer.length}|more)\\.$`),
        );
      }),
    );
  });

  it('fails on any bytes with a UserError or reads them', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.uint8Array({ maxLength: 40 }),
        fc.integer({ min: 1, max: 3 }),
        packings,
        async (bytes, rank, pack) => {
          const error: unknown = await read(pack(bytes), rank).then(
            () => undefined,
            (thrown: unknown) => thrown,
          );
          if (error !== undefined) expect(error).toBeInstanceOf(UserError);
        },
      ),
    );
  });

  it('never asks for room that the file cannot fill', async () => {
    const claim = encode([4_000_000_000, 60_000, 60_000], new Uint8Array(10));
    await expect(read(claim, 3)).rejects.toMatchObject({ code: 'DATASET_FILE_SIZE' });
    await expect(read(gzipSync(claim), 3)).rejects.toThrow(/but holds at most \d+\.$/);
  });

  it('tells labels from images by the magic number, and names other files', async () => {
    const labels = encode([16], new Uint8Array(16));
    await expect(read(labels, 3)).rejects.toThrow(
      /starts with 0x00000801; an IDX file of unsigned bytes in 3 dimension\(s\) starts with 0x00000803\.$/,
    );
    const page = Buffer.from('<!DOCTYPE html><html><body>Not found</body></html>');
    await expect(read(page, 3)).rejects.toThrow('is a web page, not an IDX file');
    await expect(read(gzipSync(page), 1)).rejects.toThrow('is a web page, not an IDX file');
    await expect(read(new Uint8Array(0), 1)).rejects.toThrow('is an empty file, not an IDX file');
    await expect(read(gzipSync(new Uint8Array(1e6)), 3)).rejects.toThrow(/NUL bytes/);
  });
});
