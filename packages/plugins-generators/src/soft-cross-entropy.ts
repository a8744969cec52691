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

/**
 * −Σ_c y_c·log y_c of each row, with 0·log 0 = 0.
 *
 * @param probabilities [images, classes]
 * @returns [images]
 */
export function entropy(tf: Tf, probabilities: Tensor2D): Tensor1D {
  const logs = tf.log(tf.maximum(probabilities, 1e-30));
  return tf.neg(tf.sum(tf.mul(probabilities, logs), 1));
}
