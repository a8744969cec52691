import type { Snn } from '@privatesnn/core';
import fc from 'fast-check';
import { expect, test } from 'vitest';

import { integerLayers } from './integer.js';

/** A network of one dense layer with one output and these weights. */
function networkWith(weights: Float32Array): Snn {
  const layer = {
    kind: 'dense',
    name: 'fc',
    inputs: weights.length,
    outputs: 1,
    bias: false,
  } as const;
  return {
    type: 'snn',
    architecture: { name: 'one', inputShape: [1, 1, weights.length], classes: 1, layers: [layer] },
    parameters: { 'fc.weight': { shape: [weights.length, 1], data: weights } },
    thresholds: {},
    neuron: { kind: 'integrate-and-fire', leak: 1, reset: 'soft', firing: 'strict', initial: 0 },
    encoder: { kind: 'poisson', range: [-1, 1] },
    readout: { kind: 'sum', scale: 1 },
    timeSteps: 4,
    classNames: ['one'],
  };
}

test('weights are rounded as Math.round does, halves up', () => {
  const halves = fc.integer({ min: -2046, max: 2046 }).map((twice) => twice / 2);
  const others = fc.float({ min: -1023, max: 1023, noNaN: true });
  fc.assert(
    fc.property(fc.array(fc.oneof(halves, others), { maxLength: 50 }), (values) => {
      // The largest weight becomes 1023: the others stay what they are.
      const weights = Float32Array.of(1023, ...values);
      const [layer] = integerLayers(networkWith(weights), 4);
      expect([...layer!.weights[0]!]).toEqual([...weights].map((w) => Math.round(w) + 0));
    }),
  );
});

test('the largest number below a half is rounded to 0', () => {
  const below = 0.49999997; // the float before ½
  const [layer] = integerLayers(networkWith(Float32Array.of(1023, below, -below, 1e-40)), 4);
  expect([...layer!.weights[0]!]).toEqual([1023, 0, 0, 0]);
});
