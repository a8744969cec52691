import type { Tensor2D } from '@tensorflow/tfjs-core';
import { beforeAll, describe, expect, it } from 'vitest';

import { targetLosses } from '@privatesnn/spiking';

import { createTensorRuntime, meanLoss, type Tf } from './index.js';

let tf: Tf;
beforeAll(async () => {
  ({ tf } = await createTensorRuntime({ prefer: 'embedded' }));
});

const logits = [
  [2, -1, 0.5],
  [0.1, 0.2, 4],
];
const labels = [0, 1];

/** The same losses in tensor operations. */
const formulas = {
  'cross-entropy': (z: Tensor2D, target: Tensor2D) =>
    tf.neg(tf.div(tf.sum(tf.mul(target, tf.logSoftmax(z))), 2)),
  'squared-error': (z: Tensor2D, target: Tensor2D) =>
    tf.div(tf.sum(tf.square(tf.sub(z, target))), 4),
};

describe('meanLoss', () => {
  it.each(['cross-entropy', 'squared-error'] as const)(
    'is the mean %s, with its gradient',
    (kind) => {
      tf.tidy(() => {
        const z = tf.tensor2d(logits);
        const target = tf.tensor2d([
          [1, 0, 0],
          [0, 1, 0],
        ]);
        const lossOf = (image: number) => targetLosses[kind](labels[image]!);
        // Times 3, so that the chain rule has something to do.
        const actual = tf.valueAndGrad((x) => tf.mul(3, meanLoss(tf, x as Tensor2D, lossOf)))(z);
        const expected = tf.valueAndGrad((x) => tf.mul(3, formulas[kind](x as Tensor2D, target)))(
          z,
        );
        expect(actual.value.dataSync()[0]).toBeCloseTo(expected.value.dataSync()[0]!, 5);
        const gradient = expected.grad.dataSync();
        actual.grad.dataSync().forEach((g, i) => expect(g).toBeCloseTo(gradient[i]!, 5));
      });
    },
  );
});
