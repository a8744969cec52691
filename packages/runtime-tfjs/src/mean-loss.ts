import type { Scalar, Tensor, Tensor2D } from '@tensorflow/tfjs-core';

import type { Loss } from '@privatesnn/spiking';

import type { Tf } from './runtime.js';

/**
 * The mean of the images' losses, differentiable. The losses are those of the spiking engine, on numbers.
 *
 * @param logits [images, classes]
 * @param lossOf the loss of one image
 */
export function meanLoss(tf: Tf, logits: Tensor2D, lossOf: (image: number) => Loss): Scalar {
  return tf.customGrad((input, save) => {
    const [images, classes] = logits.shape;
    const values = (input as Tensor2D).dataSync() as Float32Array;
    const gradient = new Float32Array(values.length);
    let sum = 0;
    for (let image = 0; image < images; image++) {
      const from = image * classes;
      const loss = lossOf(image)(values.subarray(from, from + classes));
      sum += loss.value;
      gradient.set(
        loss.gradient.map((g) => g / images),
        from,
      );
    }
    (save as (tensors: Tensor[]) => void)([tf.tensor2d(gradient, [images, classes])]);
    return {
      value: tf.scalar(sum / images),
      gradFunc: (dy: Tensor, saved: Tensor[]) => tf.mul(dy, saved[0]!),
    };
  })(logits) as Scalar;
}
