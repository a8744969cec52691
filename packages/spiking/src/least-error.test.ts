import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import {
  countSizes,
  emptyHistogram,
  leastErrorThreshold,
  quantised,
  type Quantisation,
} from './least-error.js';
import { initialState, neuronStep } from './neuron.js';

const activations = fc
  .array(fc.double({ min: -1, max: 4, noNaN: true }), { minLength: 1, maxLength: 60 })
  // None so small that a part of it is 0.
  .map((values) =>
    Float32Array.from(values, (x) => (Math.abs(x) < 1e-6 ? 0 : Math.fround(Math.sign(x) * x ** 2))),
  );
const quantisation = fc.record({
  timeSteps: fc.integer({ min: 1, max: 64 }),
  initial: fc.constantFrom(0, 0.25, 0.5),
});

function histogramOf(...parts: Float32Array[]) {
  const histogram = emptyHistogram();
  for (const part of parts) countSizes(histogram, part);
  return histogram;
}

function errorOf(values: Float32Array, threshold: number, how: Quantisation): number {
  return values.reduce((sum, a) => sum + (a > 0 ? (quantised(a, threshold, how) - a) ** 2 : 0), 0);
}

describe('quantised', () => {
  it('is what a neuron passes on of a constant current', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: -64, max: 300 }),
        fc.integer({ min: 1, max: 40 }),
        fc.constantFrom(0, 0.25, 0.5),
        (sixtyFourths, timeSteps, initial) => {
          // Numbers that single precision holds, so that both round alike.
          const current = Float32Array.of(sixtyFourths / 64);
          const neuron = { leak: 1, reset: 'soft', firing: 'inclusive', threshold: 2 } as const;
          let state = initialState(1, { initial: [initial], threshold: 2 });
          let spikes = 0;
          for (let t = 0; t < timeSteps; t++) {
            state = neuronStep(state, current, neuron);
            spikes += state.spikes[0]!;
          }
          expect((2 * spikes) / timeSteps).toBe(quantised(current[0]!, 2, { timeSteps, initial }));
        },
      ),
    );
  });
});

describe('the threshold of least error', () => {
  it('is as good as any other, but for the width of bins and steps', () => {
    fc.assert(
      fc.property(
        activations,
        fc.integer({ min: 1, max: 64 }),
        fc.double({ min: 0.02, max: 1.5, noNaN: true }),
        (values, timeSteps, part) => {
          // From θ/2 the error is continuous in θ: where the level changes, both are as near.
          const how = { timeSteps, initial: 0.5 };
          const largest = Math.max(...values);
          fc.pre(largest > 0);
          const found = leastErrorThreshold(histogramOf(values), how)!;
          const mine = Math.sqrt(errorOf(values, found, how));
          const other = Math.sqrt(errorOf(values, part * largest, how));
          // A threshold off by 1 % changes no level by more than 1 %; a bin's values differ by 0.4 %.
          const size = Math.sqrt(values.reduce((sum, a) => sum + (a > 0 ? a * a : 0), 0));
          expect(mine).toBeLessThanOrEqual(other + 0.02 * size);
        },
      ),
    );
  });

  it('is none where no activation is above 0', () => {
    const silent = histogramOf(Float32Array.of(0, -0, -3));
    expect(leastErrorThreshold(silent, { timeSteps: 4, initial: 0.5 })).toBeUndefined();
  });

  it('grows in proportion to the activations', () => {
    fc.assert(
      fc.property(
        activations,
        quantisation,
        fc.integer({ min: -8, max: 8 }),
        (values, how, power) => {
          const factor = 2 ** power;
          const once = leastErrorThreshold(histogramOf(values), how);
          const scaled = leastErrorThreshold(histogramOf(values.map((a) => a * factor)), how);
          if (once === undefined) expect(scaled).toBeUndefined();
          else expect(scaled).toBeCloseTo(once * factor, 10);
        },
      ),
    );
  });

  it('does not depend on how the activations come', () => {
    fc.assert(
      fc.property(activations, activations, quantisation, (a, b, how) => {
        const joined = Float32Array.of(...b, ...a);
        expect(leastErrorThreshold(histogramOf(a, b), how)).toBe(
          leastErrorThreshold(histogramOf(joined), how),
        );
      }),
    );
  });

  it('cuts rare large activations off at few time-steps, and not at many', () => {
    // 10,000 activations of an exponential distribution, by its quantiles, and one of 20.
    const values = Float32Array.from({ length: 10_000 }, (_, i) => -Math.log(1 - i / 10_001));
    values[0] = 20;
    const histogram = histogramOf(values);
    const at = (timeSteps: number) => leastErrorThreshold(histogram, { timeSteps, initial: 0.5 })!;
    expect(at(4)).toBeLessThan(5);
    expect(at(1024)).toBeGreaterThan(15);
    expect(at(4)).toBeLessThan(at(16));
    expect(at(16)).toBeLessThan(at(64));
  });

  it('is the only activation, where all are the same', () => {
    const histogram = histogramOf(new Float32Array(9).fill(0.3));
    expect(leastErrorThreshold(histogram, { timeSteps: 4, initial: 0.5 })).toBeCloseTo(0.3, 6);
  });
});
