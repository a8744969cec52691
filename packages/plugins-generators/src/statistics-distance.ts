import type { Scalar, Tensor, Tensor1D, Tensor2D } from '@tensorflow/tfjs-core';

import type { ChannelStatistics } from '@privatesnn/core';
import type { Tf } from '@privatesnn/runtime-tfjs';

export interface StatisticsDistanceOptions {
  /**
   * `kl`: the Kullback-Leibler divergence of two Gaussians, from the images' to the stored one; `squared`: the squared
   * differences of means and of standard deviations.
   */
  readonly distance: 'kl' | 'squared';
  /** Added to both variances, > 0. */
  readonly epsilon: number;
}

/**
 * How far the channels of a batch are from stored statistics: the mean over a layer's channels, then over the layers.
 *
 * @param outputs of the layers before their ReLU, by name: [images, …, channels]
 * @param statistics stored ones, of at least one layer
 */
export function statisticsDistance(
  tf: Tf,
  outputs: ReadonlyMap<string, Tensor>,
  statistics: Readonly<Record<string, ChannelStatistics>>,
  { distance, epsilon }: StatisticsDistanceOptions,
): Scalar {
  const layers = Object.entries(statistics).map(([layer, stored]) => {
    const found = channelStatistics(tf, outputs.get(layer)!);
    const difference = tf.square(tf.sub(found.mean, tf.tensor1d(stored.mean)));
    const variance = tf.add(found.variance, epsilon);
    const target = tf.add(tf.tensor1d(stored.variance), epsilon);
    const perChannel =
      distance === 'kl'
        ? gaussianDivergence(tf, difference, variance, target)
        : tf.add(difference, tf.square(tf.sub(tf.sqrt(variance), tf.sqrt(target))));
    return tf.mean<Scalar>(perChannel);
  });
  return tf.div<Scalar>(tf.addN(layers), layers.length);
}

/**
 * Mean and variance of each channel over images and pixels. As matrix products, which are much faster than sums over
 * outer axes on the embedded runtime.
 */
export function channelStatistics(
  tf: Tf,
  output: Tensor,
): { readonly mean: Tensor1D; readonly variance: Tensor1D } {
  const channels = output.shape.at(-1)!;
  const values: Tensor2D = tf.reshape(output, [-1, channels]);
  const rows = values.shape[0];
  const share: Tensor2D = tf.fill([1, rows], 1 / rows);
  const mean: Tensor1D = tf.reshape(tf.matMul(share, values), [channels]);
  const meanSquare: Tensor1D = tf.reshape(tf.matMul(share, tf.square(values)), [channels]);
  // Rounding may leave a little less than nothing.
  return { mean, variance: tf.relu(tf.sub(meanSquare, tf.square(mean))) };
}

/** ½·(v/w + (m − n)²/w − 1 + ln(w/v)) for N(m, v) from N(n, w). */
function gaussianDivergence(tf: Tf, difference: Tensor, variance: Tensor, target: Tensor): Tensor {
  const ratio = tf.div(variance, target);
  const square = tf.sub(tf.add(ratio, tf.div(difference, target)), 1);
  return tf.mul(tf.sub(square, tf.log(ratio)), 0.5);
}
