import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { gaussianThreshold } from './gaussian-threshold.js';
import { countSizes, emptyHistogram, leastErrorThreshold, quantised } from './least-error.js';
import { normalDensity, normalTail } from './normal.js';

const means = fc.double({ min: -3, max: 3, noNaN: true });
const deviations = fc.double({ min: 0.1, max: 10, noNaN: true });
const steps = fc.integer({ min: 1, max: 64 });
const initials = fc.constantFrom(0, 0.25, 0.5);

/** E[(quantised(x, θ) − max(0, x))²] by the midpoint rule. */
function expectedError(
  mean: number,
  deviation: number,
  threshold: number,
  timeSteps: number,
  initial: number,
): number {
  const slices = 40_000;
  let sum = 0;
  for (let k = 0; k < slices; k++) {
    const z = -10 + (20 * (k + 0.5)) / slices;
    const x = mean + deviation * z;
    const error = quantised(x, threshold, { timeSteps, initial }) - Math.max(0, x);
    sum += (Math.exp((-z * z) / 2) / Math.sqrt(2 * Math.PI)) * error ** 2 * (20 / slices);
  }
  return sum;
}

describe('the tail of the normal distribution', () => {
  it('is as in tables', () => {
    // Abramowitz and Stegun 1964, tables 26.1 and 26.2.
    expect(normalTail(0)).toBe(0.5);
    expect(normalTail(1)).toBeCloseTo(0.158655253931457, 13);
    expect(normalTail(-2)).toBeCloseTo(0.977249868051821, 13);
    expect(normalTail(3) / 1.349898031630095e-3).toBeCloseTo(1, 10);
    expect(normalTail(6) / 9.8658764503769814e-10).toBeCloseTo(1, 10);
  });

  it('falls by its density', () => {
    fc.assert(
      fc.property(fc.double({ min: -6, max: 6, noNaN: true }), (z) => {
        const slope = (normalTail(z - 1e-5) - normalTail(z + 1e-5)) / 2e-5;
        expect(slope).toBeCloseTo(normalDensity(z), 8);
      }),
    );
  });
});

describe('the threshold of least expected error of Gaussian currents', () => {
  it('is better than others, by numerical integration', () => {
    fc.assert(
      fc.property(
        means,
        fc.integer({ min: 1, max: 16 }),
        initials,
        fc.double({ min: 0.2, max: 4, noNaN: true }),
        (mean, timeSteps, initial, part) => {
          const found = gaussianThreshold({ mean, variance: 1 }, { timeSteps, initial })!;
          const mine = expectedError(mean, 1, found, timeSteps, initial);
          const other = expectedError(mean, 1, part * found, timeSteps, initial);
          expect(mine).toBeLessThanOrEqual(other + 1e-6);
        },
      ),
      { numRuns: 30 },
    );
  });

  it('is a fixed point of the iteration of Huang 2025 where membranes start at θ/2', () => {
    fc.assert(
      fc.property(means, deviations, steps, (mean, deviation, timeSteps) => {
        const how = { timeSteps, initial: 0.5 };
        const found = gaussianThreshold({ mean, variance: deviation ** 2 }, how)!;
        let [products, squares] = [0, 0];
        for (let i = 1; i <= timeSteps; i++) {
          const z = (((2 * i - 1) * found) / (2 * timeSteps) - mean) / deviation;
          products += mean * normalTail(z) + deviation * normalDensity(z);
          squares += (2 * i - 1) * normalTail(z);
        }
        expect((timeSteps * products) / squares / found).toBeCloseTo(1, 5);
      }),
      { numRuns: 30 },
    );
  });

  it('is what that iteration comes to, computed elsewhere', () => {
    // 400 rounds from μ + 3σ in Python, with math.erfc.
    for (const [mean, deviation, timeSteps, threshold] of [
      [0, 1, 1, 1.2240063619249617],
      [0, 1, 4, 2.135288834782558],
      [0, 1, 16, 2.932959353082742],
      [-1, 0.5, 4, 0.6287633982790114],
      [0.3, 2, 8, 5.303955892353726],
    ] as const) {
      const found = gaussianThreshold(
        { mean, variance: deviation ** 2 },
        { timeSteps, initial: 0.5 },
      );
      expect(found).toBeCloseTo(threshold, 5);
    }
  });

  it('grows in proportion to the currents', () => {
    fc.assert(
      fc.property(
        means,
        deviations,
        steps,
        initials,
        fc.integer({ min: -8, max: 8 }),
        (mean, deviation, timeSteps, initial, power) => {
          const factor = 2 ** power;
          const how = { timeSteps, initial };
          const once = gaussianThreshold({ mean, variance: deviation ** 2 }, how)!;
          const scaled = gaussianThreshold(
            { mean: mean * factor, variance: (deviation * factor) ** 2 },
            how,
          );
          expect(scaled! / factor / once).toBeCloseTo(1, 9);
        },
      ),
      { numRuns: 20 },
    );
  });

  it('is that of least error of a Gaussian sample, by its quantiles', () => {
    const count = 20_000;
    const values = new Float32Array(count);
    // Quantiles by bisection of the tail.
    for (let i = 0; i < count; i++) {
      let [low, high] = [-6, 6];
      for (let k = 0; k < 40; k++) {
        const middle = (low + high) / 2;
        if (normalTail(middle) > (i + 0.5) / count) low = middle;
        else high = middle;
      }
      values[i] = 0.3 + 2 * low;
    }
    const histogram = emptyHistogram();
    countSizes(histogram, values);
    for (const timeSteps of [2, 4, 8, 16]) {
      const how = { timeSteps, initial: 0.5 };
      const found = gaussianThreshold({ mean: 0.3, variance: 4 }, how)!;
      expect(Math.abs(found / leastErrorThreshold(histogram, how)! - 1)).toBeLessThan(0.03);
    }
  });

  it('is the current, where all are the same, and none where it is never positive', () => {
    const how = { timeSteps: 4, initial: 0.5 };
    expect(gaussianThreshold({ mean: 0.7, variance: 0 }, how)).toBe(0.7);
    expect(gaussianThreshold({ mean: -0.7, variance: 0 }, how)).toBeUndefined();
    expect(gaussianThreshold({ mean: -60, variance: 1 }, how)).toBeUndefined();
  });
});
