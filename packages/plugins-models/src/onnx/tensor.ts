import { closeSync, fstatSync, openSync, readSync } from 'node:fs';
import { dirname, join } from 'node:path';

import { unreadableFile, UserError } from '@privatesnn/core';

import { bfloat16ToNumber, halfToNumber } from '../half.js';
import type { TensorMessage } from './model-file.js';
import { contradiction } from '../steps/refusal.js';
import { packedInts } from './wire.js';

type Decode = (view: DataView, at: number) => number;

interface NumberType {
  readonly name: string;
  readonly width: number;
  readonly decode: Decode;
  /** The field of numbers that are not stored as bytes. */
  readonly field: keyof TensorMessage['packed'];
}

const low = true;
/** TensorProto.DataType, as far as its numbers are read. */
const types: ReadonlyMap<number, NumberType> = new Map([
  [1, type('float', 4, (view, at) => view.getFloat32(at, low), 'float')],
  [2, type('uint8', 1, (view, at) => view.getUint8(at), 'int32')],
  [3, type('int8', 1, (view, at) => view.getInt8(at), 'int32')],
  [6, type('int32', 4, (view, at) => view.getInt32(at, low), 'int32')],
  [7, type('int64', 8, (view, at) => Number(view.getBigInt64(at, low)), 'int64')],
  [9, type('bool', 1, (view, at) => view.getUint8(at), 'int32')],
  [10, type('float16', 2, (view, at) => halfToNumber(view.getUint16(at, low)), 'int32')],
  [11, type('double', 8, (view, at) => view.getFloat64(at, low), 'double')],
  [16, type('bfloat16', 2, (view, at) => bfloat16ToNumber(view.getUint16(at, low)), 'int32')],
]);
const bits: ReadonlyMap<number, (bits: number) => number> = new Map([
  [10, halfToNumber],
  [16, bfloat16ToNumber],
]);

function type(name: string, width: number, decode: Decode, field: NumberType['field']): NumberType {
  return { name, width, decode, field };
}

/** The types of floating-point numbers. */
export const floatTypes: ReadonlySet<number> = new Set([1, 10, 11, 16]);

/** What a type is called, for messages. */
export function typeName(number: number): string {
  return types.get(number)?.name ?? `number ${number} of TensorProto.DataType`;
}

/** Numbers in a tensor. */
export function countOf({ shape }: Pick<TensorMessage, 'shape'>): number {
  return shape.reduce((product, size) => product * size, 1);
}

/** Paths of the files beside an ONNX file that hold its weights. */
export function externalFiles(tensors: Iterable<TensorMessage>, file: string): string[] {
  const found = new Set<string>();
  for (const tensor of tensors) {
    if (tensor.external) found.add(externalPath(tensor, tensor.external, file));
  }
  return [...found].sort();
}

/**
 * The numbers of a tensor, as 32-bit floats; where the file holds such, a view of it, not to be written to.
 *
 * @throws UserError where type or length are not what the tensor says, or a file with its numbers is missing
 */
export function readNumbers(tensor: TensorMessage, file: string): Float32Array {
  const known = types.get(tensor.type);
  const name = `the tensor "${tensor.name}"`;
  if (!known) {
    throw new UserError(
      'data',
      'TENSOR_TYPE',
      `${name.replace(/^t/, 'T')} of ${file} has a type that is not read: ${typeName(tensor.type)}.`,
      { hint: 'Export the network with 32-bit floats, without quantization.', place: { file } },
    );
  }
  const count = countOf(tensor);
  if (!Number.isSafeInteger(count) || tensor.shape.some((size) => size < 0)) {
    throw contradiction(file, `${name} has the shape ${tensor.shape.join(' × ')}`);
  }
  const bytes = tensor.external ? readExternal(tensor, tensor.external, file) : tensor.raw;
  const packed = tensor.packed[known.field];
  const width = known.field === 'double' ? 8 : 4;
  if (bytes === undefined && packed && (known.field === 'float' || known.field === 'double')) {
    expectLength(packed.length, count * width);
    return decodeBytes(packed, count, known);
  }
  if (bytes === undefined && packed) {
    const whole = packedInts(packed, count + 1);
    expectLength(whole.length, count);
    const decode = bits.get(tensor.type);
    return Float32Array.from(whole, (value) => (decode ? decode(value) : value));
  }
  expectLength(bytes?.length ?? 0, count * known.width);
  return decodeBytes(bytes ?? new Uint8Array(0), count, known);

  function expectLength(length: number, wanted: number): void {
    if (length === wanted) return;
    throw contradiction(
      file,
      `${name} of shape ${tensor.shape.join(' × ')} and type ${known!.name} needs ${wanted} ` +
        `${packed && known!.field.startsWith('int') ? 'numbers' : 'bytes'}, but has ${length}`,
    );
  }
}

function decodeBytes(bytes: Uint8Array, count: number, { width, decode, name }: NumberType) {
  if (name === 'float' && bytes.byteOffset % 4 === 0) {
    return new Float32Array(bytes.buffer, bytes.byteOffset, count);
  }
  if (name === 'float') return new Float32Array(new Uint8Array(bytes).buffer);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const numbers = new Float32Array(count);
  for (let i = 0; i < count; i++) numbers[i] = decode(view, i * width);
  return numbers;
}

/** The whole numbers of a small tensor: sizes, axes, pads. */
export function readWhole(tensor: TensorMessage, file: string): number[] {
  const limit = 1000;
  const count = countOf(tensor);
  if (!(count <= limit)) {
    throw contradiction(file, `"${tensor.name}" should hold a few whole numbers, but has ${count}`);
  }
  // 64-bit limits such as 2⁶³ − 1 would be rounded as floats, but mean "to the end" all the same.
  return [...readNumbers(tensor, file)];
}

function externalPath(
  tensor: TensorMessage,
  external: ReadonlyMap<string, string>,
  file: string,
): string {
  const location = external.get('location') ?? '';
  if (location === '' || /^([/\\]|[a-z]+:)|(^|[/\\])\.\.([/\\]|$)|\0/i.test(location)) {
    throw contradiction(
      file,
      `the numbers of the tensor "${tensor.name}" should lie in a file of the model's folder, but lie in "${location}"`,
    );
  }
  return join(dirname(file), location);
}

function readExternal(
  tensor: TensorMessage,
  external: ReadonlyMap<string, string>,
  file: string,
): Uint8Array {
  const path = externalPath(tensor, external, file);
  const handle = open(path);
  try {
    const stat = fstatSync(handle);
    if (!stat.isFile()) throw missing(path, new Error(`${path} is not an ordinary file`));
    const offset = Number(external.get('offset') ?? 0);
    const length = Number(external.get('length') ?? stat.size - offset);
    if (![offset, length].every((n) => Number.isSafeInteger(n) && n >= 0)) {
      throw contradiction(file, `the tensor "${tensor.name}" lies at no place of ${path}`);
    }
    if (offset + length > stat.size) {
      throw new UserError(
        'data',
        'MODEL_FILE_CORRUPT',
        `${path} should hold at least ${offset + length} bytes for "${tensor.name}", but holds ${stat.size}.`,
        {
          hint: 'The file is truncated, or of another export; fetch both again.',
          place: { file: path },
        },
      );
    }
    const bytes = new Uint8Array(length);
    let at = 0;
    while (at < length) {
      const read = readSync(handle, bytes, at, length - at, offset + at);
      if (read === 0) throw missing(path, new Error(`${path} got shorter while it was read`));
      at += read;
    }
    return bytes;
  } finally {
    closeSync(handle);
  }
}

function open(path: string): number {
  try {
    return openSync(path, 'r');
  } catch (cause) {
    throw missing(path, cause);
  }
}

function missing(path: string, cause: unknown): UserError {
  return unreadableFile({
    code: 'MODEL_FILE_MISSING',
    what: 'file of weights',
    path,
    hint: 'The ONNX file keeps its weights outside: keep both files together, under the names of the export.',
    cause,
  });
}
