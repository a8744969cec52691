import fc from 'fast-check';
import { expect, it } from 'vitest';

import { adaptiveActivation } from './adaptive-activation.js';
import { rateAtCurrent } from './adaptive-neuron.js';
import { adaptiveTransfer } from './adaptive-transfer.js';

const times = { tauThreshold: 15, tauRefractory: 50, tauCurrent: 50, tauMembrane: 2.5, matchAt: 1 };
const activations = (tauRefractory: number) =>
  fc
    .record({
      threshold: fc.double({ min: 0.03, max: 0.4, noNaN: true }),
      growth: fc.double({ min: 0, max: 0.5, noNaN: true }),
      tauThreshold: fc.constantFrom(0, 15, 80),
    })
    .map((options) => adaptiveActivation({ ...times, tauRefractory, ...options }));
const inputs = fc.array(fc.double({ min: 0.001, max: 20, noNaN: true }), { minLength: 30 });

it('has the values of the neuron that is followed through time-steps', () => {
  fc.assert(
    fc.property(fc.constantFrom(5, 50).chain(activations), inputs, (activation, xs) => {
      const { spikeHeight, neuron } = activation;
      const { value } = adaptiveTransfer(activation);
      // The rate of short responses rises in steps that a table does not follow everywhere.
      const tolerance = neuron.refractoryDecay > 0.9 ? 0.01 : 0.03;
      for (const x of xs) {
        const expected = spikeHeight * rateAtCurrent(x / spikeHeight, neuron);
        // Where spikes begin, one in hundreds of time-steps, the table says the same for all inputs.
        const least = ((1 - neuron.refractoryDecay) * neuron.rest * spikeHeight) / 2;
        if (x > least && x < 1.001 * least) continue;
        expect(Math.abs(value(x) - expected)).toBeLessThanOrEqual(tolerance * expected);
      }
    }),
    { numRuns: 4, endOnFailure: true },
  );
});

it('passes 1 unchanged, and nothing below half the threshold', () => {
  fc.assert(
    fc.property(fc.double({ min: 0.03, max: 0.4, noNaN: true }), (threshold) => {
      const { value, slope } = adaptiveTransfer(
        adaptiveActivation({ ...times, threshold, growth: threshold }),
      );
      expect(value(1)).toBeCloseTo(1, 2);
      for (const x of [-Infinity, -3, 0, 0.49 * threshold])
        expect([value(x), slope(x)]).toEqual([0, 0]);
    }),
    { numRuns: 3, endOnFailure: true },
  );
});

it('rises as its slope says: their sums over an interval agree', () => {
  fc.assert(
    fc.property(
      activations(50),
      fc.double({ min: 1, max: 4, noNaN: true }),
      (activation, factor) => {
        const { value, slope } = adaptiveTransfer(activation);
        const least = ((1 - activation.neuron.refractoryDecay) * activation.neuron.rest) / 2;
        const from = 2.5 * least * activation.spikeHeight * factor;
        const to = 1.6 * from;
        const steps = 400;
        let sum = 0;
        for (let i = 0; i < steps; i++) sum += slope(from + ((i + 0.5) / steps) * (to - from));
        const risen = (sum * (to - from)) / steps;
        // Plateaus of the rate of whole time-steps, at 1/2 and 1/3 above all, are as high as this.
        const tolerance = 0.04 * value(to);
        expect(Math.abs(risen - (value(to) - value(from)))).toBeLessThan(tolerance);
      },
    ),
    { numRuns: 5, endOnFailure: true },
  );
});

it('has no slope where the neuron spikes at every time-step', () => {
  const activation = adaptiveActivation({ ...times, threshold: 0.05, growth: 0 });
  const { value, slope } = adaptiveTransfer(activation);
  expect(value(1e3)).toBe(activation.spikeHeight);
  expect(value(1e9)).toBe(activation.spikeHeight);
  expect([slope(5), slope(1e9)]).toEqual([0, 0]);
});
