import type { Tensor } from '@tensorflow/tfjs-core';

import type { Tf } from '@privatesnn/runtime-tfjs';

/**
 * The spike rate of neurons with threshold θ in a constant current: clamp(current / θ, 0, 1) spikes a time-step.
 * Exact in the limit of many time-steps for neurons without leak and with soft reset.
 *
 * @param straightThrough lets the gradient pass where the rate is saturated at 1, as a ReLU would
 */
export function spikeRate(
  tf: Tf,
  current: Tensor,
  threshold: number,
  straightThrough: boolean,
): Tensor {
  const drive = tf.div(current, threshold);
  if (!straightThrough) return tf.clipByValue(drive, 0, 1);
  const clamp = tf.customGrad((x, save) => {
    const input = x as Tensor;
    (save as (tensors: Tensor[]) => void)([input]);
    return {
      value: tf.clipByValue(input, 0, 1),
      gradFunc: (dy: Tensor, saved: Tensor[]) =>
        tf.mul(dy, tf.cast(tf.greater(saved[0]!, 0), 'float32')),
    };
  });
  return clamp(drive);
}
