import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { bfloat16ToNumber, halfToNumber, numberToHalf } from './half.js';

describe('half precision', () => {
  it.each([
    [0x0000, 0],
    [0x3c00, 1],
    [0xc000, -2],
    [0x7bff, 65504],
    [0x0400, 2 ** -14],
    [0x0001, 2 ** -24],
    [0x3555, 0.333251953125],
    [0x7c00, Infinity],
  ])('%i is %f', (bits, value) => {
    expect(halfToNumber(bits)).toBe(value);
    expect(numberToHalf(value)).toBe(bits);
  });

  it('gives back each of its 65,536 values', () => {
    for (let bits = 0; bits < 65536; bits++) {
      const value = halfToNumber(bits);
      if (Number.isNaN(value)) expect(numberToHalf(value) & 0x7c00).toBe(0x7c00);
      else expect(numberToHalf(value)).toBe(bits);
    }
  });

  it('rounds to the nearest value, ties to even', () => {
    fc.assert(
      fc.property(fc.float({ min: -65504, max: 65504, noNaN: true }), (value) => {
        const bits = numberToHalf(value);
        const error = Math.abs(halfToNumber(bits) - value);
        for (const neighbour of [bits - 1, bits + 1]) {
          const other = Math.abs(halfToNumber(neighbour & 0xffff) - value);
          if (Math.abs(neighbour - bits) === 1 && Number.isFinite(other)) {
            expect(error).toBeLessThanOrEqual(other);
            if (error === other) expect(bits & 1).toBe(0);
          }
        }
      }),
      { numRuns: 2000 },
    );
    expect(numberToHalf(65519.99)).toBe(0x7bff);
    expect(numberToHalf(65520)).toBe(0x7c00);
  });
});

describe('bfloat16ToNumber', () => {
  it('is the upper half of a 32-bit float', () => {
    expect(bfloat16ToNumber(0x3f80)).toBe(1);
    expect(bfloat16ToNumber(0xc049)).toBe(-3.140625);
  });
});
