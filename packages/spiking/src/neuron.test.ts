import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { arbitraryNeuron, gridNumber } from '@privatesnn/testkit';

import { initialState, neuronStep, type NeuronParameters, type NeuronState } from './neuron.js';

const threshold = gridNumber({ min: 1 / 16, max: 2, step: 1 / 16 });
const inputs = fc.array(gridNumber({ min: -2, max: 2, step: 1 / 64 }), {
  minLength: 1,
  maxLength: 40,
});

/** One neuron through a sequence of currents: its spikes and its last state. */
function run(currents: readonly number[], parameters: NeuronParameters) {
  let state: NeuronState = initialState(1, { initial: [0], threshold: parameters.threshold });
  const spikes = currents.map((current) => {
    state = neuronStep(state, Float32Array.of(current), parameters);
    return state.spikes[0]!;
  });
  return { spikes, membrane: state.membrane[0]! };
}

describe('neuronStep', () => {
  it('gives spikes of 0 or 1', () => {
    fc.assert(
      fc.property(inputs, threshold, arbitraryNeuron(), (currents, theta, neuron) => {
        const { spikes } = run(currents, { ...neuron, threshold: theta });
        expect(spikes.every((spike) => spike === 0 || spike === 1)).toBe(true);
      }),
    );
  });

  it('does not fire at u = θ exactly when firing is strict, but does when it is inclusive', () => {
    fc.assert(
      fc.property(threshold, (theta) => {
        const neuron = { leak: 1, reset: 'soft', threshold: theta } as const;
        expect(run([theta], { ...neuron, firing: 'strict' }).spikes).toEqual([0]);
        expect(run([theta], { ...neuron, firing: 'inclusive' }).spikes).toEqual([1]);
      }),
    );
  });

  it('conserves charge with a soft reset and no leak: u(T) = Σ I − θ · spikes', () => {
    fc.assert(
      fc.property(inputs, threshold, (currents, theta) => {
        const { spikes, membrane } = run(currents, {
          leak: 1,
          reset: 'soft',
          firing: 'strict',
          threshold: theta,
        });
        const charge = currents.reduce((a, b) => a + b, 0);
        expect(membrane).toBe(charge - theta * spikes.reduce((a, b) => a + b, 0));
      }),
    );
  });

  it('conserves charge with a soft reset and a leak: u(T) = Σ λ^(T−t)·(I(t) − θ·o(t))', () => {
    fc.assert(
      fc.property(
        inputs,
        threshold,
        fc.double({ min: 0.1, max: 1, noNaN: true }),
        (currents, theta, leak) => {
          const { spikes, membrane } = run(currents, {
            leak,
            reset: 'soft',
            firing: 'strict',
            threshold: theta,
          });
          const expected = currents.reduce(
            (sum, current, t) =>
              sum + leak ** (currents.length - 1 - t) * (current - theta * spikes[t]!),
            0,
          );
          expect(membrane).toBeCloseTo(expected, 3);
        },
      ),
    );
  });

  it('keeps the residual of a soft reset, so that spikes times θ follow the charge (Han 2020)', () => {
    fc.assert(
      fc.property(
        threshold,
        fc.integer({ min: 0, max: 16 }),
        fc.integer({ min: 1, max: 200 }),
        (theta, sixteenths, steps) => {
          const current = (theta * sixteenths) / 16;
          const { spikes } = run(new Array<number>(steps).fill(current), {
            leak: 1,
            reset: 'soft',
            firing: 'inclusive',
            threshold: theta,
          });
          const count = spikes.reduce((a, b) => a + b, 0);
          expect(count).toBe(Math.floor((steps * current) / theta));
        },
      ),
    );
  });

  it('takes a delayed-soft reset as a soft one whose θ comes a step later, without leak', () => {
    const parameters = {
      leak: 0.5,
      reset: 'delayed-soft',
      firing: 'strict',
      threshold: 1,
    } as const;
    const first = neuronStep(
      initialState(1, { initial: [0], threshold: 1 }),
      Float32Array.of(3),
      parameters,
    );
    expect([first.spikes[0], first.membrane[0]]).toEqual([1, 3]);
    const second = neuronStep(first, Float32Array.of(0), parameters);
    // 0.5 · 3 − 1: the leak acts on the membrane, not on the subtracted θ.
    expect([second.spikes[0], second.potential[0]]).toEqual([0, 0.5]);
  });

  it('fires as often with a delayed-soft reset as with a soft one over a constant weak current', () => {
    const currents = new Array<number>(64).fill(0.25);
    const parameters = { leak: 1, firing: 'strict', threshold: 1 } as const;
    const soft = run(currents, { ...parameters, reset: 'soft' });
    const delayed = run(currents, { ...parameters, reset: 'delayed-soft' });
    expect(delayed.spikes).toEqual(soft.spikes);
  });

  it('empties the membrane with a hard reset', () => {
    fc.assert(
      fc.property(inputs, threshold, (currents, theta) => {
        const parameters = { leak: 1, reset: 'hard', firing: 'strict', threshold: theta } as const;
        const { spikes, membrane } = run(currents, parameters);
        const sinceSpike = currents.slice(spikes.lastIndexOf(1) + 1);
        expect(membrane).toBe(sinceSpike.reduce((a, b) => a + b, 0));
      }),
    );
  });

  it('leaves its arguments as they are', () => {
    const state = {
      membrane: Float32Array.of(1),
      spikes: Float32Array.of(1),
      sent: Float32Array.of(1),
    };
    const before = structuredClone(state);
    const current = Float32Array.of(2);
    neuronStep(state, current, { leak: 0.5, reset: 'soft', firing: 'strict', threshold: 1 });
    expect(state).toEqual(before);
    expect(current).toEqual(Float32Array.of(2));
  });
});

describe('the initial potential', () => {
  it('of θ/2 makes the count of a constant current the rounded one instead of the one cut off', () => {
    // Multiples of 1/64 are exact; a current between two counts is told by its rest.
    const currents = fc.integer({ min: -64, max: 192 }).map((x) => x / 64);
    const steps = fc.integer({ min: 1, max: 40 });
    fc.assert(
      fc.property(currents, fc.constantFrom(0.5, 1, 2), steps, (current, threshold, timeSteps) => {
        const count = (initial: number): number => {
          const parameters = { leak: 1, reset: 'soft', firing: 'inclusive', threshold } as const;
          let state: NeuronState = initialState(1, { initial: [initial], threshold });
          let spikes = 0;
          for (let t = 0; t < timeSteps; t++) {
            state = neuronStep(state, Float32Array.of(current), parameters);
            spikes += state.spikes[0]!;
          }
          return spikes;
        };
        const activation = (timeSteps * current) / threshold;
        const clip = (x: number): number => Math.min(timeSteps, Math.max(0, x));
        expect(count(0)).toBe(clip(Math.floor(activation)));
        expect(count(0.5)).toBe(clip(Math.floor(activation + 0.5)));
      }),
    );
  });

  it('is 0 in a layer without a threshold', () => {
    expect([...initialState(2, { initial: [0.5], threshold: Infinity }).membrane]).toEqual([0, 0]);
  });
});
