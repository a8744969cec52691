import type { Tensor } from '@tensorflow/tfjs-core';

import {
  surrogateHeight,
  surrogateReach,
  surrogateShape,
  type PotentialSurrogate,
  type SpikeTimeSurrogate,
  type SurrogateOperations,
} from '@privatesnn/spiking';

import type { Tf } from './runtime.js';

/**
 * `surrogateGradient` of tensors: the surrogate gradient ∂o/∂u at each membrane potential.
 *
 * @param potential u, the membrane potentials before the reset
 * @param threshold θ > 0
 * @returns of the potentials' shape
 */
export function surrogateGradientTensor(
  tf: Tf,
  surrogate: PotentialSurrogate,
  potential: Tensor,
  threshold: number,
): Tensor {
  const operations: SurrogateOperations<Tensor> = {
    oneMinus: (x) => tf.sub(1, x),
    positivePart: (x) => tf.relu(x),
    below: (x, bound) => tf.cast(tf.less(x, bound), 'float32'),
    negativeExp: (x) => tf.exp(tf.neg(x)),
  };
  const away = tf.abs(tf.sub(potential, threshold));
  const distance = tf.div(away, surrogateReach(surrogate, threshold));
  const shape = surrogateShape(surrogate.kind, distance, operations);
  return tf.mul(shape, surrogateHeight(surrogate, threshold));
}

/**
 * `spikeTimeGradients` of tensors, for one time-step.
 *
 * @param since time-steps since each neuron's last spike before this one
 * @returns of the shape of `since`
 */
export function spikeTimeGradientTensor(
  tf: Tf,
  surrogate: SpikeTimeSurrogate,
  since: Tensor,
  threshold: number,
): Tensor {
  const height = surrogateHeight(surrogate, threshold);
  return tf.mul(tf.exp(tf.mul(since, -surrogate.beta)), height);
}
