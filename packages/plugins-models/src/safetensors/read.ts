import { suggestion, UserError, type Parameter } from '@privatesnn/core';

import { expectFinite } from '../finite.js';
import { bfloat16ToNumber, halfToNumber } from '../half.js';
import { readHeader, type Entry } from './header.js';

/** A safetensors file, its header read and checked; tensors are decoded when they are asked for. */
export interface Safetensors {
  /** The file's path, for messages. */
  readonly file: string;
  readonly metadata: Readonly<Record<string, string>>;
  /** Shapes by tensor name. */
  readonly shapes: ReadonlyMap<string, readonly number[]>;
  /**
   * Decodes one tensor; throws a UserError where it is missing, of a type other than F32, F16, BF16, or holds NaN or
   * infinite values.
   */
  read(name: string): Parameter;
}

/** Bytes of an element, and how it is read, of the types that weights may have. */
const decoders: ReadonlyMap<string, readonly [number, (view: DataView, at: number) => number]> =
  new Map([
    ['F32', [4, (view, at) => view.getFloat32(at, true)]],
    ['F16', [2, (view, at) => halfToNumber(view.getUint16(at, true))]],
    ['BF16', [2, (view, at) => bfloat16ToNumber(view.getUint16(at, true))]],
  ]);

/**
 * Reads a safetensors file: its header, of which tensors are decoded later. Tensors of other types than weights may
 * have are no mistake until they are asked for.
 *
 * @throws UserError where the file is truncated or breaks a rule of the format
 */
export function parseSafetensors(bytes: Uint8Array, file: string): Safetensors {
  const { metadata, entries, start } = readHeader(bytes, file);
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
      const parameter = { shape: entry.shape, data: decode(bytes, start, entry, name, file) };
      expectFinite(parameter, name, file);
      return parameter;
    },
  };
}

function decode(
  bytes: Uint8Array,
  start: number,
  { dtype, begin, end }: Entry,
  name: string,
  file: string,
): Float32Array {
  const decoder = decoders.get(dtype);
  if (!decoder) {
    throw new UserError(
      'data',
      'TENSOR_TYPE',
      `The tensor "${name}" of ${file} has the type ${dtype}; weights must be ${[...decoders.keys()].join(', ')}.`,
      { hint: 'Save this tensor again in one of these types.', place: { file } },
    );
  }
  const [width, valueAt] = decoder;
  const view = new DataView(bytes.buffer, bytes.byteOffset + start + begin, end - begin);
  const data = new Float32Array((end - begin) / width);
  for (let i = 0; i < data.length; i++) data[i] = valueAt(view, width * i);
  return data;
}
