import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';

import { waveAnn, waveImages } from '@privatesnn/testkit';

import { annForward, annTensors } from './ann.js';
import { createTensorRuntime } from './create.js';
import { frozenAnn, type FrozenAnn } from './frozen-ann.js';
import { lossAndInputGradient } from './gradients.js';
import type { Tf } from './runtime.js';

let tf: Tf;
let frozen: FrozenAnn;
beforeAll(async () => {
  ({ tf } = await createTensorRuntime({ prefer: 'embedded' }));
  frozen = frozenAnn(tf, waveAnn, 6);
});
afterAll(() => frozen.dispose());

const images = waveImages(6);
const pixels = images.pixels as Float32Array;
const size = pixels.length / 6;

describe('a frozen ANN', () => {
  test('gives the bits of the forward pass with tensors, and of its gradient, for any part of a batch', () => {
    const tensors = annTensors(tf, waveAnn.parameters);
    const [, ...shape] = images.shape;
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 6 }), (count) => {
        const x = () => tf.tensor4d(pixels.slice(0, count * size), [count, ...shape]);
        const compute = (forward: FrozenAnn['forward']) => {
          const logits = forward(x()).dataSync();
          const { gradient } = lossAndInputGradient(
            tf,
            (input) => tf.sum(tf.square(forward(input))),
            x(),
          );
          return { logits, gradient: gradient.dataSync() };
        };
        const expected = compute((input) => annForward(tf, waveAnn, tensors, input));
        expect(compute(frozen.forward)).toEqual(expected);
      }),
    );
  });

  test('computes its way back for the images of the pass that it belongs to', () => {
    const [, ...shape] = images.shape;
    const first = tf.tensor4d(pixels.slice(0, size), [1, ...shape]);
    const second = tf.tensor4d(pixels.slice(size, 2 * size), [1, ...shape]);
    const alone = tf
      .grad((x) => tf.sum(frozen.forward(x as typeof first)))(first)
      .dataSync();
    const between = tf
      .grad((x) => {
        const sum = tf.sum(frozen.forward(x as typeof first));
        frozen.forward(second);
        return sum;
      })(first)
      .dataSync();
    expect(between).toEqual(alone);
  });
});
