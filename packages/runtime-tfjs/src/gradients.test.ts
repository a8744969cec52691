import fc from 'fast-check';
import { beforeAll, describe, expect, test } from 'vitest';
import type { Scalar, Tensor2D, Tensor4D } from '@tensorflow/tfjs-core';

import { createInputAdam, createTensorRuntime, lossAndInputGradient } from './index.js';
import type { Tf } from './index.js';

let tf: Tf;
beforeAll(async () => {
  ({ tf } = await createTensorRuntime({ prefer: 'embedded' }));
});

describe('lossAndInputGradient', () => {
  test('agrees with a finite difference of a small network', () => {
    tf.tidy(() => {
      const x = tf.randomUniform([2, 6, 6, 2], -1, 1, 'float32', 1) as Tensor4D;
      const kernel = tf.randomUniform([3, 3, 2, 4], -1, 1, 'float32', 2) as Tensor4D;
      const dense = tf.randomUniform([36, 3], -1, 1, 'float32', 3) as Tensor2D;
      const loss = (input: Tensor4D): Scalar => {
        const pooled = tf.avgPool(tf.relu(tf.conv2d(input, kernel, 1, 1)), 2, 2, 'valid');
        const logits = tf.matMul(tf.reshape(pooled, [2, 36]) as Tensor2D, dense);
        return tf.neg(tf.sum(tf.slice(tf.logSoftmax(logits), [0, 1], [2, 1]))) as Scalar;
      };
      const { loss: value, gradient } = lossAndInputGradient(tf, loss, x);
      expect(value.dataSync()[0]).toBe(loss(x).dataSync()[0]);
      const pixels = x.dataSync();
      const step = 1e-2;
      for (const i of [0, 17, 71, 100, 143]) {
        const [above, below] = [step, -step].map((delta) => {
          const moved = Float32Array.from(pixels);
          moved[i]! += delta;
          return loss(tf.tensor4d(moved, x.shape)).dataSync()[0]!;
        });
        expect(gradient.dataSync()[i]).toBeCloseTo((above! - below!) / (2 * step), 2);
      }
    });
  });

  test('computes no gradient of the weights', () => {
    const kernels: string[] = [];
    tf.tidy(() => {
      const kernel = tf.ones([3, 3, 1, 1]) as Tensor4D;
      const before = tf.memory().numTensors;
      const { loss, gradient } = lossAndInputGradient(
        tf,
        (input) => {
          const out = tf.conv2d(input, kernel, 1, 1);
          return tf.sum(out) as Scalar;
        },
        tf.ones([1, 4, 4, 1]),
      );
      kernels.push(...[loss, gradient].map((t) => t.shape.join('x')));
      // The input, the loss and the gradient are all that is left.
      expect(tf.memory().numTensors).toBe(before + 3);
    });
    expect(kernels).toEqual(['', '1x4x4x1']);
  });
});

describe('createInputAdam', () => {
  test('first step moves every pixel by the learning rate against the sign of its gradient', () => {
    fc.assert(
      fc.property(
        fc.array(fc.double({ min: 1e-2, max: 10, noNaN: true }), { minLength: 1, maxLength: 8 }),
        fc.double({ min: 1e-4, max: 1, noNaN: true }),
        (gradients, learningRate) => {
          tf.tidy(() => {
            const shape = [1, 1, gradients.length, 1] as const;
            const signed = gradients.map((g, i) => (i % 2 ? -g : g));
            const moved = createInputAdam(tf, shape, { learningRate }).step(
              tf.zeros([...shape]) as Tensor4D,
              tf.tensor4d(signed, [...shape]),
            );
            moved
              .dataSync()
              .forEach((pixel, i) =>
                expect(pixel).toBeCloseTo(-Math.sign(signed[i]!) * learningRate, 5),
              );
          });
        },
      ),
    );
  });

  test('takes the steps of tfjs’s own Adam', () => {
    tf.tidy(() => {
      const shape = [1, 2, 2, 1] as const;
      const target = tf.tensor4d([0.1, -0.4, 2, 0], [...shape]);
      const variable = tf.variable(tf.zeros([...shape]));
      const optimizer = tf.train.adam(0.1, 0.9, 0.999, 1e-8);
      const adam = createInputAdam(tf, shape, { learningRate: 0.1 });
      let x = tf.zeros([...shape]) as Tensor4D;
      for (let i = 0; i < 20; i++) {
        optimizer.minimize(() => tf.sum(tf.square(tf.sub(variable, target))) as Scalar);
        x = adam.step(x, tf.mul(2, tf.sub(x, target)) as Tensor4D);
      }
      const expected = variable.dataSync();
      x.dataSync().forEach((pixel, i) => expect(pixel).toBeCloseTo(expected[i]!, 4));
      variable.dispose();
      optimizer.dispose();
    });
  });
});
