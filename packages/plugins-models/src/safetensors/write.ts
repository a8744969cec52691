import { UserError, type Parameters } from '@privatesnn/core';

import { numberToHalf } from '../half.js';

/**
 * Writes parameters as a safetensors file, in the order of their names.
 *
 * @param dtype F16 halves the file; values beyond ±65,504 are then an error
 */
export function writeSafetensors(
  parameters: Parameters,
  dtype: 'F32' | 'F16',
  metadata: Readonly<Record<string, string>> = {},
): Uint8Array {
  const names = Object.keys(parameters).sort();
  const width = dtype === 'F32' ? 4 : 2;
  const header: Record<string, unknown> = { __metadata__: metadata };
  let offset = 0;
  for (const name of names) {
    const { shape, data } = parameters[name]!;
    header[name] = { dtype, shape, data_offsets: [offset, offset + data.length * width] };
    offset += data.length * width;
  }
  const text = Buffer.from(JSON.stringify(header));
  // Spaces after the header let the tensors begin at a multiple of 8 bytes.
  const headerLength = Math.ceil(text.length / 8) * 8;
  const bytes = new Uint8Array(8 + headerLength + offset);
  const view = new DataView(bytes.buffer);
  view.setBigUint64(0, BigInt(headerLength), true);
  bytes.fill(0x20, 8, 8 + headerLength);
  bytes.set(text, 8);
  let at = 8 + headerLength;
  for (const name of names) {
    for (const value of parameters[name]!.data) {
      if (dtype === 'F32') view.setFloat32(at, value, true);
      else view.setUint16(at, half(value, name), true);
      at += width;
    }
  }
  return bytes;
}

function half(value: number, name: string): number {
  if (Math.abs(value) < 65520) return numberToHalf(value);
  throw new UserError(
    'data',
    'TENSOR_RANGE',
    `The tensor "${name}" holds ${value}, which a 16-bit float cannot.`,
    { hint: 'Save with "dtype: F32".' },
  );
}
