import type { Scalar, Tensor } from '@tensorflow/tfjs-core';

import type { Tf } from '@privatesnn/runtime-tfjs';

/**
 * Σ (x − target)² / Σ target², differentiable with respect to x; 0 where the target is 0 everywhere.
 *
 * @param target of the shape of x
 */
export function relativeError(tf: Tf, x: Tensor, target: Float32Array): Scalar {
  let norm = 0;
  for (let i = 0; i < target.length; i++) norm += target[i]! * target[i]!;
  const factor = norm > 0 ? 1 / norm : 0;
  return tf.customGrad((input, save) => {
    const values = (input as Tensor).dataSync() as Float32Array;
    let error = 0;
    for (let i = 0; i < values.length; i++) {
      const difference = values[i]! - target[i]!;
      error += difference * difference;
    }
    (save as (tensors: Tensor[]) => void)([input as Tensor]);
    return {
      value: tf.scalar(error * factor),
      gradFunc: (dy: Tensor, saved: Tensor[]) => {
        const times = 2 * factor * dy.dataSync()[0]!;
        const at = saved[0]!.dataSync() as Float32Array;
        const gradient = new Float32Array(at.length);
        for (let i = 0; i < at.length; i++) gradient[i] = times * (at[i]! - target[i]!);
        return tf.tensor(gradient, saved[0]!.shape);
      },
    };
  })(x) as Scalar;
}
