import { suggestion, UserError, type Parameter, type Parameters } from '@privatesnn/core';

import { bfloat16ToNumber, halfToNumber, numberToHalf } from './half.js';

/** A safetensors file, its header read and checked; tensors are decoded when they are asked for. */
export interface Safetensors {
  /** The file's path, for messages. */
  readonly file: string;
  readonly metadata: Readonly<Record<string, string>>;
  /** Shapes by tensor name. */
  readonly shapes: ReadonlyMap<string, readonly number[]>;
  /** Decodes one tensor; throws a UserError where it is missing or of a type other than F32, F16, BF16. */
  read(name: string): Parameter;
}

interface Entry {
  readonly dtype: string;
  readonly shape: readonly number[];
  readonly begin: number;
  readonly end: number;
}

const bytesOf: Readonly<Record<string, number>> = {
  F64: 8,
  F32: 4,
  F16: 2,
  BF16: 2,
  I64: 8,
  I32: 4,
  I16: 2,
  I8: 1,
  U64: 8,
  U32: 4,
  U16: 2,
  U8: 1,
  BOOL: 1,
};

/**
 * Reads a safetensors file: the length of the header (64-bit, little-endian), the header (JSON), the tensors.
 *
 * @throws UserError where the file is truncated or its header is not valid
 */
export function parseSafetensors(bytes: Uint8Array, file: string): Safetensors {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const { header, start } = readHeader(bytes, view, file);
  const entries = new Map<string, Entry>();
  let metadata: Record<string, string> = {};
  for (const [name, value] of Object.entries(header)) {
    if (name === '__metadata__') metadata = value as Record<string, string>;
    else entries.set(name, readEntry(name, value, bytes.length - start, file));
  }
  return {
    file,
    metadata,
    shapes: new Map([...entries].map(([name, { shape }]) => [name, shape])),
    read(name) {
      const entry = entries.get(name);
      if (!entry) {
        throw new UserError('data', 'TENSOR_MISSING', `${file} has no tensor "${name}".`, {
          hint: suggestion(name, entries.keys(), 'tensors'),
          place: { file },
        });
      }
      return { shape: entry.shape, data: decode(view, start, entry, name, file) };
    },
  };
}

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

function readHeader(
  bytes: Uint8Array,
  view: DataView,
  file: string,
): { header: Record<string, unknown>; start: number } {
  if (bytes.length < 8) {
    throw damaged(file, `it should begin with 8 bytes, but holds ${bytes.length}`);
  }
  const length = Number(view.getBigUint64(0, true));
  if (length > bytes.length - 8) {
    throw damaged(file, `its header should hold ${length} bytes, but ${bytes.length - 8} are left`);
  }
  let header: unknown;
  try {
    header = JSON.parse(
      new TextDecoder('utf-8', { fatal: true }).decode(bytes.subarray(8, 8 + length)),
    );
  } catch (cause) {
    throw damaged(file, `its header is not valid JSON (${String(cause)})`);
  }
  if (typeof header !== 'object' || header === null || Array.isArray(header)) {
    throw damaged(file, 'its header is not a JSON object');
  }
  return { header: header as Record<string, unknown>, start: 8 + length };
}

function readEntry(name: string, value: unknown, available: number, file: string): Entry {
  const { dtype, shape, data_offsets } = (value ?? {}) as Record<string, unknown>;
  if (typeof dtype !== 'string' || !isSizes(shape) || !isSizes(data_offsets)) {
    throw damaged(file, `the entry of "${name}" lacks a type, a shape or offsets`);
  }
  const [begin, end] = data_offsets;
  const width = bytesOf[dtype];
  if (width === undefined) throw unknownType(name, dtype, file);
  const size = shape.reduce((product, n) => product * n, width);
  if (begin === undefined || end === undefined || end - begin !== size) {
    throw damaged(
      file,
      `"${name}" (${dtype}, ${shape.join(' × ')}) needs ${size} bytes, but its offsets are ${data_offsets.join(' to ')}`,
    );
  }
  if (end > available) {
    throw damaged(file, `"${name}" ends at byte ${end} of the data, but ${available} are there`);
  }
  return { dtype, shape, begin, end };
}

function decode(
  view: DataView,
  start: number,
  { dtype, begin, end }: Entry,
  name: string,
  file: string,
): Float32Array {
  const from = start + begin;
  const count = (end - begin) / bytesOf[dtype]!;
  const data = new Float32Array(count);
  switch (dtype) {
    case 'F32':
      for (let i = 0; i < count; i++) data[i] = view.getFloat32(from + 4 * i, true);
      return data;
    case 'F16':
      for (let i = 0; i < count; i++) data[i] = halfToNumber(view.getUint16(from + 2 * i, true));
      return data;
    case 'BF16':
      for (let i = 0; i < count; i++) {
        data[i] = bfloat16ToNumber(view.getUint16(from + 2 * i, true));
      }
      return data;
    default:
      throw unknownType(name, dtype, file);
  }
}

function isSizes(value: unknown): value is number[] {
  return Array.isArray(value) && value.every((n) => Number.isSafeInteger(n) && n >= 0);
}

function unknownType(name: string, dtype: string, file: string): UserError {
  return new UserError(
    'data',
    'TENSOR_TYPE',
    `The tensor "${name}" of ${file} has the type ${dtype}; weights must be F32, F16 or BF16.`,
    { hint: 'Save the network again in one of these types.', place: { file } },
  );
}

function damaged(file: string, what: string): UserError {
  return new UserError(
    'data',
    'MODEL_FILE_CORRUPT',
    `${file} is not a whole safetensors file: ${what}.`,
    {
      hint: 'The file is truncated or not a safetensors file; fetch it again.',
      place: { file },
    },
  );
}
