import { fc, test } from '@fast-check/vitest';
import { expect } from 'vitest';

import { decode, encode } from './codec.js';

const typedArray = fc.oneof(
  fc.uint8Array(),
  fc.int8Array(),
  fc.uint16Array(),
  fc.int16Array(),
  fc.uint32Array(),
  fc.int32Array(),
  fc.uint8ClampedArray(),
  fc.float32Array(),
  fc.float64Array(),
);
const plain = fc.letrec((tie) => ({
  value: fc.oneof(
    { depthSize: 'small' },
    fc.constantFrom(null, NaN, Infinity, -Infinity, -0),
    fc.double(),
    fc.string({ unit: 'grapheme' }),
    fc.boolean(),
    typedArray,
    fc.array(tie('value'), { maxLength: 4 }),
    fc.dictionary(
      fc.oneof(fc.string(), fc.constantFrom('$array', '$number', '__proto__', 'toString')),
      tie('value'),
      { maxKeys: 4, noNullPrototype: true },
    ),
  ),
})).value;

function bytesOf({ chunks }: { chunks: readonly Uint8Array[] }): Uint8Array {
  return Uint8Array.from(Buffer.concat(chunks));
}

test.prop([plain])('what is encoded comes back as it was', (value) => {
  expect(decode(bytesOf(encode(value)))).toStrictEqual(value);
});

test.prop([plain])('encoding again gives the same digest', (value) => {
  const first = encode(value);
  expect(encode(decode(bytesOf(first))).digest).toBe(first.digest);
});

test.prop([plain, plain])('different values have different digests', (a, b) => {
  const same = Buffer.from(bytesOf(encode(a))).equals(bytesOf(encode(b)));
  expect(encode(a).digest === encode(b).digest).toBe(same);
});

test.prop([fc.float32Array({ minLength: 1 }), fc.nat()])('a cut file is noticed', (array, at) => {
  const bytes = bytesOf(encode({ array }));
  const cut = bytes.slice(0, Math.min(at % bytes.length, bytes.length - 8));
  expect(() => decode(cut)).toThrow();
});

test('an array that is a part of a larger buffer keeps its own values only', () => {
  const part = new Float32Array([1, 2, 3, 4]).subarray(1, 3);
  expect(decode(bytesOf(encode(part)))).toEqual(new Float32Array([2, 3]));
});

test('bytes that are not aligned are decoded too', () => {
  const bytes = bytesOf(encode(new Float64Array([1.5, -2])));
  const shifted = new Uint8Array(bytes.length + 1);
  shifted.set(bytes, 1);
  expect(decode(shifted.subarray(1))).toEqual(new Float64Array([1.5, -2]));
});

test('memory shared between threads is stored like any other', () => {
  const shared = new Int32Array(new SharedArrayBuffer(8));
  shared.set([7, 8]);
  expect(decode(bytesOf(encode(shared)))).toEqual(new Int32Array([7, 8]));
});

test.each([
  [{ a: [new Map()] }, '"a[0]" is a Map'],
  [{ f: () => 1 }, '"f" is a function'],
  [{ date: { at: new Date(0) } }, '"date.at" is a Date'],
])('%o is no plain data', (value, message) => {
  expect(() => encode(value)).toThrow(message);
});
