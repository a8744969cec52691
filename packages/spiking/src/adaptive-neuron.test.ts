import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import type { AdaptiveNeuron } from '@privatesnn/core';

import {
  adaptiveStep,
  rateAtCurrent,
  restingAdaptiveState,
  type AdaptiveParameters,
} from './adaptive-neuron.js';

const tau = { gamma: 15, eta: 50, beta: 50, phi: 2.5 };
const decay = (time: number): number => Math.exp(-1 / time);

/** The original's time constants; currents in units of the original, where a spike adds ϑ to the response. */
function original(growth: number, threshold: number): AdaptiveNeuron {
  return {
    kind: 'adaptive',
    rest: threshold / (1 - decay(tau.eta)),
    growth,
    thresholdDecay: decay(tau.gamma),
    refractoryDecay: decay(tau.eta),
    currentDecay: decay(tau.beta),
    membraneDecay: decay(tau.phi),
  };
}

/** One neuron in a constant current through T time-steps; spikes and the last state. */
function run(current: number, timeSteps: number, parameters: AdaptiveParameters) {
  let state = restingAdaptiveState(1);
  const spikes: number[] = [];
  for (let t = 0; t < timeSteps; t++) {
    state = adaptiveStep(state, Float32Array.of(0), Float32Array.of(current), parameters);
    spikes.push(state.spikes[0]!);
  }
  return { spikes, state };
}

const ratio = fc.double({ min: 0, max: 0.98, noNaN: true });
const parameters: fc.Arbitrary<AdaptiveParameters> = fc.record({
  threshold: fc.double({ min: 0.1, max: 2, noNaN: true }),
  rest: fc.double({ min: 0.2, max: 2, noNaN: true }),
  growth: fc.double({ min: 0, max: 0.5, noNaN: true }),
  thresholdDecay: ratio,
  refractoryDecay: ratio,
  currentDecay: ratio,
  membraneDecay: ratio,
});

describe('adaptiveStep', () => {
  it('is the spike-response model: sums of kernels over all earlier spikes', () => {
    const inputs = fc.array(fc.double({ min: -1, max: 3, noNaN: true }), { maxLength: 30 });
    fc.assert(
      fc.property(inputs, fc.double({ min: -1, max: 1, noNaN: true }), parameters, (x, b, p) => {
        // Kernels written out, in double precision.
        const current = x.map((_, t) =>
          x
            .slice(0, t + 1)
            .reduce((sum, w, i) => sum + (1 - p.currentDecay) * p.currentDecay ** (t - i) * w, b),
        );
        const membrane = x.map((_, t) =>
          current
            .slice(0, t + 1)
            .reduce((sum, c, i) => sum + (1 - p.membraneDecay) * p.membraneDecay ** (t - i) * c, 0),
        );
        const atRest = (1 - p.refractoryDecay) * p.rest * p.threshold;
        const fired: { at: number; response: number }[] = [];
        const margins: number[] = [];
        membrane.forEach((s, t) => {
          const sum = (d: number, factor: number) =>
            fired.reduce((all, { at, response }) => all + factor * response * d ** (t - at), 0);
          const response = atRest + sum(p.thresholdDecay, p.growth);
          const margin = s - sum(p.refractoryDecay, 1) - response / 2;
          margins.push(Math.abs(margin));
          if (margin > 0) fired.push({ at: t, response });
        });
        // Within rounding of the threshold either decision is right.
        fc.pre(margins.every((margin) => margin > 1e-4));

        let state = restingAdaptiveState(1);
        const spikes = x.flatMap((w, t) => {
          state = adaptiveStep(state, Float32Array.of(w), Float32Array.of(b), p);
          return state.spikes[0] === 1 ? [t] : [];
        });
        expect(spikes).toEqual(fired.map(({ at }) => at));
      }),
    );
  });

  it('gives no spike without a positive input', () => {
    fc.assert(
      fc.property(parameters, fc.double({ min: -2, max: 0, noNaN: true }), (p, current) => {
        expect(run(current, 50, p).spikes.every((spike) => spike === 0)).toBe(true);
      }),
    );
  });

  it('approximates a constant input by its refractory responses, to half a response', () => {
    fc.assert(
      fc.property(
        fc.double({ min: 0, max: 2, noNaN: true }),
        fc.double({ min: 0, max: 0.2, noNaN: true }),
        fc.double({ min: 0.05, max: 0.3, noNaN: true }),
        (signal, growth, threshold) => {
          const neuron = { ...original(growth, threshold), threshold: 1 };
          const { state } = run(signal, 300, neuron);
          const response = threshold + state.adapted[0]!;
          const perStep = signal * (1 - neuron.refractoryDecay);
          expect(Math.abs(signal - state.refractory[0]!)).toBeLessThan(response / 2 + perStep);
        },
      ),
    );
  });
});

describe('the transfer function', () => {
  /** Zambrano 2019: the interval between spikes at a constant signal S; exponentials are expanded to second order. */
  const publishedInterval = (s: number, m: number, theta: number): number => {
    const c1 = 2 * m * tau.gamma ** 2;
    const c2 = 2 * theta * tau.eta * tau.gamma;
    const c3 = tau.gamma * (m * tau.gamma + 2 * (m + 1) * tau.eta);
    const c4 = theta * tau.eta * (tau.gamma + tau.eta);
    return tau.eta * ((c1 * s + c2) / (c3 * s + c4));
  };

  /** The current at which spikes come every so many time-steps, in the limit of short ones. */
  const currentAtInterval = (interval: number, n: AdaptiveNeuron): number => {
    const left = (d: number) => d ** interval / (1 - d ** interval);
    const response = ((1 - n.refractoryDecay) * n.rest) / (1 - n.growth * left(n.thresholdDecay));
    return response * (0.5 + left(n.refractoryDecay));
  };

  it('is in the limit of short time-steps the published closed form, to the first order of the interval over τ', () => {
    const growths = fc.double({ min: 0, max: 0.1, noNaN: true });
    const intervals = fc.double({ min: 1.5, max: 10, noNaN: true });
    fc.assert(
      fc.property(growths, intervals, (growth, interval) => {
        const neuron = original(growth, 0.1);
        const signal = currentAtInterval(interval, neuron);
        const published = publishedInterval(signal, growth, 0.1) / interval;
        const order = interval * (1 / (2 * tau.gamma) + 1 / (2 * tau.eta));
        expect(published).toBeLessThan(1);
        expect(published).toBeGreaterThan(1 - 1.01 * order);
        // A spike waits for the next whole time-step, and is a little late.
        const late = 1 / rateAtCurrent(signal, neuron) - interval;
        expect(late).toBeGreaterThan(-0.5);
        expect(late).toBeLessThan(1);
      }),
    );
  });

  it('is what neurons do, to 0.1 %', () => {
    fc.assert(
      fc.property(
        fc.double({ min: 0.06, max: 5, noNaN: true }),
        fc.double({ min: 0, max: 0.3, noNaN: true }),
        fc.double({ min: 0.02, max: 0.11, noNaN: true }),
        (signal, growth, threshold) => {
          const neuron = original(growth, threshold);
          const { spikes } = run(signal, 12_000, { ...neuron, threshold: 1 });
          const times = spikes.flatMap((spike, t) => (spike === 1 && t >= 2000 ? [t] : []));
          const measured = (times.length - 1) / (times.at(-1)! - times[0]!);
          expect(Math.abs(rateAtCurrent(signal, neuron) / measured - 1)).toBeLessThan(1e-3);
        },
      ),
      { numRuns: 20 },
    );
  });

  it('does not fall', () => {
    const signal = fc.double({ min: 0, max: 3, noNaN: true });
    fc.assert(
      fc.property(signal, signal, fc.double({ min: 0, max: 0.2, noNaN: true }), (a, b, growth) => {
        const neuron = original(growth, 0.1);
        const [low, high] = [Math.min(a, b), Math.max(a, b)];
        expect(rateAtCurrent(low, neuron)).toBeLessThanOrEqual(rateAtCurrent(high, neuron) + 1e-3);
      }),
    );
  });

  it('is the identity for no growth and fine thresholds', () => {
    expect(rateAtCurrent(0.3, { ...original(0, 0.01), rest: 1 })).toBeCloseTo(0.3, 2);
  });
});
