import type { Tensor1D, Tensor2D } from '@tensorflow/tfjs-core';

import type { Tf } from '@privatesnn/runtime-tfjs';

/**
 * −Σ_c y_c·log softmax(logits / temperature)_c of each image.
 *
 * @param logits [images, classes]
 * @param targets class probabilities, [images, classes]
 * @returns [images]
 */
export function softCrossEntropy(
  tf: Tf,
  logits: Tensor2D,
  targets: Tensor2D,
  temperature: number,
): Tensor1D {
  const logProbabilities = tf.logSoftmax(tf.div(logits, temperature));
  return tf.neg(tf.sum(tf.mul(targets, logProbabilities), 1));
}
