import type { Tensor } from '@tensorflow/tfjs-core';
import fc from 'fast-check';
import { beforeAll, describe, expect, it } from 'vitest';

import {
  neuronStep,
  initialState,
  spikeTimeGradients,
  surrogateGradient,
  type NeuronState,
  type LocalSurrogate,
} from '@privatesnn/spiking';

import { createTensorRuntime, spikingNeurons, type SpikingNeurons, type Tf } from './index.js';

let tf: Tf;
beforeAll(async () => {
  ({ tf } = await createTensorRuntime({ prefer: 'embedded' }));
});

const factors = { gamma: fc.constantFrom(1, 0.3), divideByTheta: fc.boolean() };
const surrogates: fc.Arbitrary<LocalSurrogate> = fc.oneof(
  fc.record({
    kind: fc.constantFrom('triangle' as const, 'rectangle' as const, 'exponential' as const),
    width: fc.constantFrom(1, 0.7, 2.3),
    ...factors,
  }),
  fc.record({
    kind: fc.constant('spike-time' as const),
    beta: fc.constantFrom(0.001, 0.5),
    ...factors,
  }),
);

/** Sixteenths, so that every sum of them is exact and none is a tie. */
const sixteenths = fc.integer({ min: -40, max: 40 }).map((n) => (2 * n + 1) / 16);

const runs = fc.record({
  neuron: fc.record({
    kind: fc.constant('integrate-and-fire' as const),
    leak: fc.constantFrom(1, 0.5),
    reset: fc.constantFrom('soft' as const, 'delayed-soft' as const, 'hard' as const),
    firing: fc.constantFrom('strict' as const, 'inclusive' as const),
    initial: fc.constant(0),
  }),
  // Taken in turns by the neurons.
  initial: fc.array(fc.constantFrom(-1, 0, 0.5, 2), { minLength: 4, maxLength: 4 }),
  threshold: fc.constantFrom(1, 1.5, 0.25),
  surrogate: surrogates,
  currents: fc
    .tuple(fc.integer({ min: 1, max: 4 }), fc.integer({ min: 1, max: 6 }))
    .chain(([neurons, timeSteps]) => {
      const step = fc.array(sixteenths, { minLength: neurons, maxLength: neurons });
      return fc.array(step, { minLength: timeSteps, maxLength: timeSteps });
    }),
});

/** Spikes and potentials of the pure step, and its gradients by the chain rule, time-step by time-step backwards. */
function expected(
  { neuron, threshold, initial, surrogate }: Omit<SpikingNeurons, 'timeSteps'>,
  currents: readonly number[][],
  atSpikes: readonly number[][],
) {
  const { leak, reset } = neuron;
  const potentials: Float32Array[] = [];
  const spikes: Float32Array[] = [];
  let state: NeuronState = initialState(currents[0]!.length, {
    initial,
    threshold,
  });
  for (const current of currents) {
    const step = neuronStep(state, Float32Array.from(current), { ...neuron, threshold });
    potentials.push(step.potential);
    spikes.push(step.spikes);
    state = step;
  }
  const gradients = currents.map((current) => current.map(() => 0));
  for (let i = 0; i < currents[0]!.length; i++) {
    const slopes =
      surrogate.kind === 'spike-time'
        ? spikeTimeGradients(
            surrogate,
            spikes.map((o) => o[i]!),
            threshold,
          )
        : potentials.map((u) => surrogateGradient(surrogate, u[i]!, threshold));
    let later = 0;
    for (let t = currents.length - 1; t >= 0; t--) {
      const taken = {
        soft: leak * threshold,
        'delayed-soft': threshold,
        hard: leak * potentials[t]![i]!,
      };
      const kept = reset === 'hard' ? leak * (1 - spikes[t]![i]!) : leak;
      later = slopes[t]! * (atSpikes[t]![i]! - taken[reset] * later) + kept * later;
      gradients[t]![i] = later;
    }
  }
  return { spikes: spikes.flatMap((o) => [...o]), gradients: gradients.flat() };
}

describe('spikingNeurons', () => {
  it('spike as the pure step does, with its surrogates, of all kinds, for gradients', () => {
    fc.assert(
      fc.property(runs, fc.boolean(), ({ currents, ...run }, alike) => {
        const timeSteps = currents.length;
        const initial = run.initial.slice(0, alike ? 1 : currents[0]!.length);
        const layer = { ...run, initial };
        const weights = currents.map((row, t) => row.map((_, i) => ((3 * t + i) % 5) / 4 - 0.5));
        const want = expected(layer, currents, weights);
        tf.tidy(() => {
          const atSpikes = tf.tensor2d(weights);
          let spikes: Tensor | undefined;
          const { grad } = tf.valueAndGrad((current: Tensor) => {
            spikes = tf.keep(spikingNeurons(tf, { ...layer, timeSteps }, current));
            return tf.sum(tf.mul(spikes, atSpikes));
          })(tf.tensor2d(currents));
          expect([...spikes!.dataSync()]).toEqual(want.spikes);
          const actual = grad.dataSync();
          const scale = 1 + Math.max(...want.gradients.map(Math.abs));
          want.gradients.forEach((g, i) =>
            expect(Math.abs(actual[i]! - g)).toBeLessThan(1e-5 * scale),
          );
          spikes!.dispose();
        });
      }),
    );
  });
});
