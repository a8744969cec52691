import type { Scalar, Tensor4D } from '@tensorflow/tfjs-core';

import type { Tf } from './runtime.js';

/**
 * A loss and its gradient with respect to images only: weights that `f` uses stay frozen, and no gradient is
 * computed for them. Let `f` return the sum of the images' losses, not their mean: then each image's gradient is
 * the same as if it were alone in its batch.
 *
 * @param f a differentiable function of [images, height, width, channels]
 * @returns two tensors, `gradient` of x's shape; the caller disposes of them
 */
export function lossAndInputGradient(
  tf: Tf,
  f: (x: Tensor4D) => Scalar,
  x: Tensor4D,
): { loss: Scalar; gradient: Tensor4D } {
  const { value, grad } = tf.valueAndGrad((input) => f(input as Tensor4D))(x);
  return { loss: value as Scalar, gradient: grad as Tensor4D };
}

export interface InputAdamOptions {
  readonly learningRate: number;
  /** Decay of the running mean of gradients. */
  readonly beta1?: number;
  /** Decay of the running mean of squared gradients. */
  readonly beta2?: number;
  readonly epsilon?: number;
}

export interface InputAdam {
  /**
   * One update. Leaves `x` and `gradient` as they are.
   *
   * @returns the updated images, a new tensor
   */
  step(x: Tensor4D, gradient: Tensor4D): Tensor4D;
}

/**
 * Adam (Kingma and Ba 2015) on the pixels of a batch of images. Its state is one number a pixel, so that images
 * do not influence each other.
 *
 * @param shape [images, height, width, channels]
 */
export function createInputAdam(
  tf: Tf,
  shape: readonly [number, number, number, number],
  { learningRate, beta1 = 0.9, beta2 = 0.999, epsilon = 1e-8 }: InputAdamOptions,
): InputAdam {
  const size = shape[0] * shape[1] * shape[2] * shape[3];
  const mean = new Float32Array(size);
  const square = new Float32Array(size);
  let steps = 0;
  return {
    step(x, gradient) {
      steps++;
      const rate = learningRate / (1 - beta1 ** steps);
      const correction = 1 / (1 - beta2 ** steps);
      const g = gradient.dataSync();
      const next = Float32Array.from(x.dataSync());
      for (let i = 0; i < size; i++) {
        const gi = g[i]!;
        const m = beta1 * mean[i]! + (1 - beta1) * gi;
        const v = beta2 * square[i]! + (1 - beta2) * gi * gi;
        mean[i] = m;
        square[i] = v;
        next[i] = next[i]! - (rate * m) / (Math.sqrt(v * correction) + epsilon);
      }
      return tf.tensor4d(next, [...shape]);
    },
  };
}
