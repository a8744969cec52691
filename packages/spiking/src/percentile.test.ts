import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { percentileOf, percentileOfSorted } from './percentile.js';

const values = fc.array(fc.float({ min: 0, max: 10, noNaN: true }), { minLength: 1 });

describe('percentileOf', () => {
  it('gives the largest value for 100, and nothing for no values', () => {
    fc.assert(
      fc.property(values, (all) => {
        expect(percentileOf([Float32Array.from(all)], 100)).toBe(Math.max(...all));
      }),
    );
    expect(percentileOf([new Float32Array(0)], 50)).toBeUndefined();
  });

  it('gives the smallest value that at least that part does not exceed', () => {
    fc.assert(
      fc.property(values, fc.integer({ min: 1, max: 100 }), (all, percentile) => {
        const found = percentileOf([Float32Array.from(all)], percentile)!;
        const needed = (percentile * all.length) / 100;
        expect(all.filter((value) => value <= found).length).toBeGreaterThanOrEqual(needed);
        expect(all.filter((value) => value < found).length).toBeLessThan(needed);
      }),
    );
  });

  it('does not care how values are split into arrays', () => {
    const whole = Float32Array.of(5, 1, 4, 2, 3);
    expect(percentileOf([whole.subarray(0, 2), whole.subarray(2)], 60)).toBe(3);
  });

  it('is the same for an array that is sorted already', () => {
    fc.assert(
      fc.property(values, fc.double({ min: 0.1, max: 100, noNaN: true }), (all, percentile) => {
        const array = Float32Array.from(all);
        expect(percentileOfSorted(array.toSorted(), percentile)).toBe(
          percentileOf([array], percentile),
        );
      }),
    );
  });
});
