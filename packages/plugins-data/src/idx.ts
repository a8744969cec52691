import { UserError, wrongFile } from '@privatesnn/core';

import type { Sink } from './container.js';
import { packedFile, unpacked, type PackedFile } from './files.js';

/**
 * Reads the IDX format of MNIST, packed with gzip or not: two zero bytes, the element type (8 = unsigned byte), the
 * number of dimensions, each dimension as a big-endian 32-bit integer, then the elements, row-major.
 *
 * @param rank the number of dimensions
 * @param open gets the dimensions, which the file's size allows, and gives what takes the elements as they come
 * @throws UserError where the magic number, the number of dimensions or the size is wrong
 */
export async function readIdx(
  path: string,
  rank: number,
  open: (dimensions: readonly number[]) => Sink,
  signal: AbortSignal,
): Promise<void> {
  const file = await packedFile(path);
  const headerBytes = 4 + 4 * rank;
  let header = Buffer.alloc(0);
  let elements: { readonly sink: Sink; readonly end: number } | undefined;
  let found = 0;
  for await (const chunk of unpacked(file, signal)) {
    found += chunk.length;
    if (elements) {
      if (found > elements.end) throw wrongSize(path, elements.end, 'more');
      elements.sink(chunk);
      continue;
    }
    header = Buffer.concat([header, chunk]);
    if (header.length < headerBytes) continue;
    checkMagic(header, rank, path);
    const dimensions = Array.from({ length: rank }, (_, i) => header.readUInt32BE(4 + 4 * i));
    const end = headerBytes + dimensions.reduce((product, n) => product * n, 1);
    checkSize(file, end);
    if (found > end) throw wrongSize(path, end, 'more');
    elements = { sink: open(dimensions), end };
    elements.sink(header.subarray(headerBytes));
  }
  if (elements && found < elements.end) throw wrongSize(path, elements.end, found);
  if (elements) return;
  // What is too short may be no IDX file at all.
  if (found === 0 || found >= 4) checkMagic(header, rank, path);
  throw wrongSize(path, `at least ${headerBytes}`, found);
}

/** Compares the size by the header with the file's, before anything is made of that size. */
function checkSize({ path, gzip, mostBytes }: PackedFile, size: number): void {
  if (!gzip && size !== mostBytes) throw wrongSize(path, size, mostBytes);
  if (gzip && size > mostBytes) throw wrongSize(path, size, `at most ${mostBytes}`);
}

function checkMagic(header: Buffer, rank: number, file: string): void {
  const expected = 0x0800 + rank;
  const magic = header.length < 4 ? undefined : header.readUInt32BE(0);
  if (magic === expected) return;
  const starts = magic === undefined ? 'is empty' : `starts with ${hex(magic)}`;
  if (magic !== undefined && magic >>> 4 === 0x80) {
    throw new UserError(
      'data',
      'DATASET_FILE_MAGIC',
      `${file} ${starts}; an IDX file of unsigned bytes in ${rank} dimension(s) starts with ${hex(expected)}.`,
      {
        hint: 'Check that the images file and the labels file are not interchanged.',
        place: { file },
      },
    );
  }
  throw wrongFile({
    code: 'DATASET_FILE_MAGIC',
    file,
    head: header,
    expected: 'an IDX file of unsigned bytes',
    kinds: ['idx'],
    problem: `it ${starts}, not with ${hex(expected)}`,
    give: 'Give the IDX files of MNIST, packed with gzip or not.',
  });
}

function hex(value: number): string {
  return `0x${value.toString(16).padStart(8, '0')}`;
}

function wrongSize(file: string, expected: number | string, found: number | string): UserError {
  return new UserError(
    'data',
    'DATASET_FILE_SIZE',
    `${file} should hold ${expected} bytes (unpacked), but holds ${found}.`,
    { hint: 'The file is truncated or not the right one; fetch it again.', place: { file } },
  );
}
