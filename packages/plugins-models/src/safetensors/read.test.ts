import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { UserError, type Parameter, type Parameters } from '@privatesnn/core';

import { parseSafetensors } from './read.js';
import { writeSafetensors } from './write.js';

const parameter: fc.Arbitrary<Parameter> = fc
  .array(fc.integer({ min: 0, max: 4 }), { minLength: 1, maxLength: 4 })
  .chain((shape) => {
    const length = shape.reduce((product, n) => product * n, 1);
    return fc
      .array(fc.float({ noNaN: true, min: -60000, max: 60000 }), {
        minLength: length,
        maxLength: length,
      })
      .map((data) => ({ shape, data: Float32Array.from(data) }));
  });
const parameters: fc.Arbitrary<Parameters> = fc.dictionary(
  fc.stringMatching(/^[a-z][a-z0-9.]{0,8}$/),
  parameter,
  { maxKeys: 4, noNullPrototype: true },
);

/** A file with the given header and data. */
function file(header: unknown, data = new Uint8Array(0)): Uint8Array {
  const text = Buffer.from(typeof header === 'string' ? header : JSON.stringify(header));
  const bytes = new Uint8Array(8 + text.length + data.length);
  new DataView(bytes.buffer).setBigUint64(0, BigInt(text.length), true);
  bytes.set(text, 8);
  bytes.set(data, 8 + text.length);
  return bytes;
}

describe('safetensors', () => {
  it('reads back what was written', () => {
    fc.assert(
      fc.property(parameters, (values) => {
        const parsed = parseSafetensors(writeSafetensors(values, 'F32', { a: 'b' }), 'x');
        expect(parsed.metadata).toEqual({ a: 'b' });
        expect([...parsed.shapes.keys()].sort()).toEqual(Object.keys(values).sort());
        for (const [name, value] of Object.entries(values)) {
          expect(parsed.read(name)).toEqual(value);
        }
      }),
    );
  });

  it('keeps 11 bits with F16', () => {
    fc.assert(
      fc.property(parameters, (values) => {
        const parsed = parseSafetensors(writeSafetensors(values, 'F16'), 'x');
        for (const [name, { data }] of Object.entries(values)) {
          parsed.read(name).data.forEach((found, i) => {
            expect(Math.abs(found - data[i]!)).toBeLessThanOrEqual(
              Math.max(Math.abs(data[i]!) * 2 ** -11, 2 ** -25),
            );
          });
        }
      }),
    );
    const large = { w: { shape: [1], data: Float32Array.of(70000) } };
    expect(() => writeSafetensors(large, 'F16')).toThrow(/"w" holds 70000/);
  });

  it('begins its data at a multiple of 8 bytes', () => {
    fc.assert(
      fc.property(parameters, (values) => {
        const bytes = writeSafetensors(values, 'F32');
        expect(Number(new DataView(bytes.buffer).getBigUint64(0, true)) % 8).toBe(0);
      }),
    );
  });

  it('refuses a file that was cut anywhere', () => {
    fc.assert(
      fc.property(parameters, fc.nat(), (values, at) => {
        const whole = writeSafetensors(values, 'F32');
        const cut = whole.subarray(0, at % whole.length);
        expect(() => parseSafetensors(cut, 'cut')).toThrow(UserError);
      }),
    );
  });

  it('fails on damaged bytes with a UserError, or reads them', () => {
    fc.assert(
      fc.property(
        parameters,
        fc.array(fc.tuple(fc.nat(), fc.nat(255)), { minLength: 1, maxLength: 4 }),
        (values, damage) => {
          const bytes = writeSafetensors(values, 'F32');
          for (const [at, value] of damage) bytes[at % bytes.length] = value;
          try {
            const parsed = parseSafetensors(bytes, 'x');
            for (const name of parsed.shapes.keys()) parsed.read(name);
          } catch (error) {
            expect(error).toBeInstanceOf(UserError);
          }
        },
      ),
      { numRuns: 500 },
    );
  });

  it.each<[string, Uint8Array, RegExp]>([
    [
      'a header beyond the file',
      Uint8Array.of(255, 255, 255, 255, 0, 0, 0, 0, 123),
      /header should hold 4294967295 bytes, but the format allows 100000000/,
    ],
    ['a header that is no JSON', file('{"a":'), /not JSON as it should be/],
    ['a header that is no object', file([1]), /begin with "{", but begins with "\["/],
    [
      'an entry without offsets',
      file({ w: { dtype: 'F32', shape: [1] } }),
      /entry of "w" should hold a type, a shape and two offsets/,
    ],
    ['an entry that is null', file({ w: null }), /entry of "w" should hold/],
    ['an unknown type', file({ w: { dtype: 'F5', shape: [], data_offsets: [0, 1] } }), /type F5/],
    [
      'NUL padding',
      file('{}\0\0\0'),
      /header ends with 3 NUL bytes, but must be padded with spaces/,
    ],
    [
      'offsets that do not fit the shape',
      file({ w: { dtype: 'F32', shape: [2], data_offsets: [0, 4] } }, new Uint8Array(4)),
      /"w" \(F32 × 2\) needs 8 bytes/,
    ],
    [
      'a tensor beyond the file',
      file({ w: { dtype: 'F32', shape: [2], data_offsets: [0, 8] } }, new Uint8Array(4)),
      /ends at byte 8 of the data, but 4 are there/,
    ],
  ])('refuses %s', (_, bytes, message) => {
    expect(() => parseSafetensors(bytes, 'x')).toThrow(message);
  });

  it('reads BF16, and leaves tensors of other types alone until they are asked for', () => {
    const parsed = parseSafetensors(
      file(
        {
          count: { dtype: 'I64', shape: [], data_offsets: [0, 8] },
          w: { dtype: 'BF16', shape: [2], data_offsets: [8, 12] },
        },
        Uint8Array.of(1, 0, 0, 0, 0, 0, 0, 0, 0x80, 0x3f, 0x49, 0xc0),
      ),
      'x',
    );
    expect(parsed.read('w').data).toEqual(Float32Array.of(1, -3.140625));
    expect(() => parsed.read('count')).toThrow(/"count" of x has the type I64/);
  });

  it('names the nearest tensor when one is missing', () => {
    const parsed = parseSafetensors(
      writeSafetensors({ 'conv1.weight': { shape: [1], data: Float32Array.of(1) } }, 'F32'),
      'x',
    );
    expect(() => parsed.read('conv2.weight')).toThrow(
      expect.objectContaining({ hint: 'Did you mean "conv1.weight"?' }) as Error,
    );
  });
});
