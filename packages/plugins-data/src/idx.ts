import { UserError } from '@privatesnn/core';

/** An array of bytes with its dimensions. */
export interface IdxArray {
  readonly dimensions: readonly number[];
  readonly data: Uint8Array;
}

/**
 * Reads the IDX format of MNIST: two zero bytes, the element type (8 = unsigned byte), the number of dimensions,
 * each dimension as a big-endian 32-bit integer, then the elements, row-major.
 *
 * @param file its name, for error messages
 * @throws UserError where the magic number, the number of dimensions or the size is wrong
 */
export function parseIdx(bytes: Uint8Array, dimensions: number, file: string): IdxArray {
  const header = 4 + 4 * dimensions;
  if (bytes.length < 4) throw wrongSize(file, header, bytes.length, 'at least ');
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const expected = 0x0800 + dimensions;
  const magic = view.getUint32(0);
  if (magic !== expected) {
    throw new UserError(
      'data',
      'DATASET_FILE_MAGIC',
      `${file} starts with ${hex(magic)}; an IDX file of unsigned bytes in ${dimensions} dimension(s) starts with ${hex(expected)}.`,
      {
        hint: 'Check that the images file and the labels file are not interchanged.',
        place: { file },
      },
    );
  }
  if (bytes.length < header) throw wrongSize(file, header, bytes.length, 'at least ');
  const sizes = Array.from({ length: dimensions }, (_, i) => view.getUint32(4 + 4 * i));
  const size = header + sizes.reduce((product, n) => product * n, 1);
  if (bytes.length !== size) throw wrongSize(file, size, bytes.length);
  return { dimensions: sizes, data: bytes.subarray(header) };
}

function hex(value: number): string {
  return `0x${value.toString(16).padStart(8, '0')}`;
}

function wrongSize(file: string, expected: number, found: number, prefix = ''): UserError {
  return new UserError(
    'data',
    'DATASET_FILE_SIZE',
    `${file} should hold ${prefix}${expected} bytes (unpacked), but holds ${found}.`,
    { hint: 'The file is truncated or not the right one; fetch it again.', place: { file } },
  );
}
