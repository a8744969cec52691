import type { Tensor, Tensor4D } from '@tensorflow/tfjs-core';
import fc from 'fast-check';
import { beforeAll, expect, test } from 'vitest';

import { spikingLayers, type Snn } from '@privatesnn/core';
import { binaryNeuronOf, createReferenceEngine, initialPotentialsOf } from '@privatesnn/spiking';
import { arbitraryGraphSnn, arbitraryPixels } from '@privatesnn/testkit';

import { annForward } from './ann.js';
import { createTensorRuntime } from './create.js';
import type { Tf } from './runtime.js';
import { spikingNeurons } from './spiking-neurons.js';

let tf: Tf;
beforeAll(async () => {
  tf = (await createTensorRuntime()).tf;
});

// Gates follow rates, which tensors do not model.
const runs = arbitraryGraphSnn({
  ...{ gated: false, resets: ['soft', 'hard'], encoders: ['constant'], maxTimeSteps: 5 },
  potentials: true,
}).chain((snn) =>
  fc.record({
    pixels: arbitraryPixels(snn.architecture, snn.encoder.range, 2),
    snn: fc.constant(snn),
  }),
);

const surrogate = { kind: 'triangle', gamma: 1, divideByTheta: false, width: 1 } as const;

/** The same by automatic differentiation of tensors. */
function byAutograd(snn: Snn, pixels: Float32Array, atLogits: readonly number[]) {
  const { architecture, parameters, thresholds, timeSteps } = snn;
  const neuron = binaryNeuronOf(snn, 'differentiate');
  const [height, width, channels] = architecture.inputShape;
  const images = pixels.length / (height * width * channels);
  const names = Object.keys(parameters);
  return tf.tidy(() => {
    const x = tf.tensor4d(pixels, [images, height, width, channels]);
    const repeated = tf.concat(
      Array.from({ length: timeSteps }, () => x),
      0,
    );
    const loss = (...values: Tensor[]) => {
      const tensors = Object.fromEntries(names.map((name, i) => [name, values[i]!]));
      const currents = annForward(tf, { architecture }, tensors, values.at(-1) as Tensor4D, {
        ...(snn.gains ? { gains: snn.gains } : {}),
        activation: (current, layer) =>
          spikingNeurons(
            tf,
            {
              ...{ neuron, threshold: thresholds[layer]!, timeSteps, surrogate },
              initial: initialPotentialsOf(snn, neuron, layer),
            },
            current,
          ),
      });
      const logits = tf.sum(tf.reshape(currents, [timeSteps, images, architecture.classes]), 0);
      return tf.div(tf.sum(tf.mul(logits, tf.tensor1d([...atLogits]))), images);
    };
    const { grads } = tf.valueAndGrads(loss as never)([
      ...names.map((name) => tf.tensor(parameters[name]!.data, [...parameters[name]!.shape])),
      repeated,
    ]);
    const atInput = tf.sum(tf.reshape(grads.at(-1)!, [timeSteps, pixels.length]), 0);
    return {
      parameters: Object.fromEntries(
        names.map((name, i) => [name, Array.from(grads[i]!.dataSync())]),
      ),
      input: Array.from(atInput.dataSync(), (value) => value * images),
    };
  });
}

test('gradients of a graph of spiking neurons are those of automatic differentiation', async () => {
  const engine = createReferenceEngine();
  let deep = 0;
  await fc.assert(
    fc.asyncProperty(runs, async ({ snn, pixels }) => {
      const atLogits = snn.classNames.map((_, i) => i + 1);
      const found = await engine.gradients({
        ...{ snn, pixels, surrogate, seed: 0, detachReset: false, dropout: false },
        loss: (logits) => ({
          value: logits.reduce((sum, logit, i) => sum + logit * atLogits[i]!, 0),
          gradient: Float32Array.from(atLogits),
        }),
        wanted: { parameters: true, thresholds: false, input: true },
      });
      const expected = byAutograd(snn, pixels, atLogits);
      const compare = (a: ArrayLike<number>, b: readonly number[]) => {
        const scale = Math.max(1, ...b.map(Math.abs));
        b.forEach((value, i) => expect(Math.abs(a[i]! - value)).toBeLessThan(1e-4 * scale));
      };
      for (const [name, values] of Object.entries(expected.parameters)) {
        compare(found.parameters[name]!, values);
      }
      compare(found.input!, expected.input);
      if (spikingLayers(snn.architecture).length > 1) deep++;
    }),
    { numRuns: 60 },
  );
  expect(deep).toBeGreaterThan(0);
});
