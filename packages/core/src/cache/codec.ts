import { createHash } from 'node:crypto';

/**
 * Artefacts as bytes: 8 bytes of magic, the header's length (uint32, little-endian, then 4 zero bytes), a JSON
 * header, and one blob a typed array, each aligned to 8 bytes. The header is the value itself, with
 * `{"$array": n}` where array n stood. Numbers are in the machine's order, little-endian on every platform
 * that Node supports officially but s390x.
 */
const magic = 'PSNNART1';

const arrayTypes = {
  u8: Uint8Array,
  u8c: Uint8ClampedArray,
  i8: Int8Array,
  u16: Uint16Array,
  i16: Int16Array,
  u32: Uint32Array,
  i32: Int32Array,
  f32: Float32Array,
  f64: Float64Array,
} as const;
type ArrayType = keyof typeof arrayTypes;
type TypedArray = InstanceType<(typeof arrayTypes)[ArrayType]>;

interface Header {
  readonly value: unknown;
  /** Type and number of elements of each array. */
  readonly arrays: readonly (readonly [ArrayType, number])[];
}

/** A value as bytes, in pieces so that large arrays need not be copied. */
export interface Encoded {
  readonly chunks: readonly Uint8Array[];
  /** SHA-256 of all bytes, in hexadecimal. */
  readonly digest: string;
  readonly bytes: number;
}

/**
 * Encodes plain data: objects, arrays, strings, numbers, booleans, null and typed arrays. Members that are
 * undefined are left out. The order of keys is kept, and is part of the digest.
 *
 * @throws TypeError naming the path of a value that is no plain data
 */
export function encode(value: unknown): Encoded {
  const arrays: [ArrayType, number][] = [];
  const blobs: Uint8Array[] = [];
  const plain = pack(value, '', (array) => {
    arrays.push([typeOf(array), array.length]);
    blobs.push(bytesOf(array));
    return arrays.length - 1;
  });
  const header = Buffer.from(JSON.stringify({ value: plain, arrays } satisfies Header));
  const start = Buffer.alloc(16);
  start.write(magic, 'latin1');
  start.writeUInt32LE(header.length, 8);
  const chunks: Uint8Array[] = [start, header, padding(header.length)];
  for (const blob of blobs) chunks.push(blob, padding(blob.length));
  const hash = createHash('sha256');
  let bytes = 0;
  for (const chunk of chunks) {
    hash.update(chunk);
    bytes += chunk.length;
  }
  return { chunks, digest: hash.digest('hex'), bytes };
}

/**
 * The value that the bytes stand for. Typed arrays are views into the bytes where these are aligned.
 *
 * @throws Error when the bytes are no artefact
 */
export function decode(bytes: Uint8Array): unknown {
  const aligned = bytes.byteOffset % 8 === 0 ? bytes : Uint8Array.from(bytes);
  const view = Buffer.from(aligned.buffer, aligned.byteOffset, aligned.byteLength);
  if (view.length < 16 || view.toString('latin1', 0, 8) !== magic) {
    throw new Error('the file does not start like an artefact');
  }
  const headerLength = view.readUInt32LE(8);
  if (16 + headerLength > view.length) throw new Error('the file ends within its header');
  const header = JSON.parse(view.toString('utf8', 16, 16 + headerLength)) as Header;
  let at = padded(16 + headerLength);
  const arrays = header.arrays.map(([type, length]) => {
    if (!Object.hasOwn(arrayTypes, type) || !Number.isInteger(length) || length < 0) {
      throw new Error('the file names an array that is none');
    }
    const constructor = arrayTypes[type];
    const size = length * constructor.BYTES_PER_ELEMENT;
    if (at + size > view.length) throw new Error('the file ends within an array');
    const array = new constructor(aligned.buffer as ArrayBuffer, aligned.byteOffset + at, length);
    at = padded(at + size);
    return array;
  });
  return unpack(header.value, arrays);
}

function pack(value: unknown, path: string, store: (array: TypedArray) => number): unknown {
  if (value === null || typeof value === 'string' || typeof value === 'boolean') return value;
  if (typeof value === 'number') {
    if (Number.isFinite(value) && !Object.is(value, -0)) return value;
    return { $number: Object.is(value, -0) ? '-0' : String(value) };
  }
  if (Array.isArray(value)) {
    return value.map((item, index) => pack(item, `${path}[${index}]`, store));
  }
  if (ArrayBuffer.isView(value) && !(value instanceof DataView)) {
    if (!isTypedArray(value)) throw notPlain(path, value);
    return { $array: store(value) };
  }
  if (typeof value === 'object') {
    const prototype: unknown = Object.getPrototypeOf(value);
    if (prototype !== Object.prototype && prototype !== null) throw notPlain(path, value);
    return Object.fromEntries(
      Object.entries(value)
        .filter(([, member]) => member !== undefined)
        // A leading "$" is doubled, so that no member looks like one of the codec's own.
        .map(([key, member]) => [
          key.startsWith('$') ? `$${key}` : key,
          pack(member, path === '' ? key : `${path}.${key}`, store),
        ]),
    );
  }
  throw notPlain(path, value);
}

function unpack(value: unknown, arrays: readonly TypedArray[]): unknown {
  if (typeof value !== 'object' || value === null) return value;
  if (Array.isArray(value)) return value.map((item) => unpack(item, arrays));
  const { $array, $number } = value as { $array?: number; $number?: string };
  if ($array !== undefined) return arrays[$array];
  if ($number !== undefined) return Number($number);
  return Object.fromEntries(
    Object.entries(value).map(([key, member]) => [
      key.startsWith('$') ? key.slice(1) : key,
      unpack(member, arrays),
    ]),
  );
}

function typeOf(array: TypedArray): ArrayType {
  const found = Object.entries(arrayTypes).find(([, type]) => array.constructor === type);
  return (found?.[0] ?? 'u8') as ArrayType;
}

function isTypedArray(value: ArrayBufferView): value is TypedArray {
  return (
    value instanceof Buffer || Object.values(arrayTypes).some((type) => value.constructor === type)
  );
}

function bytesOf(array: TypedArray): Uint8Array {
  const bytes = new Uint8Array(array.buffer, array.byteOffset, array.byteLength);
  return array.buffer instanceof ArrayBuffer ? bytes : Uint8Array.from(bytes);
}

function padded(size: number): number {
  return Math.ceil(size / 8) * 8;
}

function padding(size: number): Uint8Array {
  return new Uint8Array(padded(size) - size);
}

function notPlain(path: string, value: unknown): TypeError {
  const what = typeof value === 'object' ? (value?.constructor?.name ?? 'object') : typeof value;
  return new TypeError(
    `"${path || 'the value'}" is a ${what}; an artefact may hold plain data and typed arrays only.`,
  );
}
