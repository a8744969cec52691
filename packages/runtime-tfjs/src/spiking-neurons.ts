import type { Tensor } from '@tensorflow/tfjs-core';

import { neverFiredSteps, type BinaryNeuron, type LocalSurrogate } from '@privatesnn/spiking';

import type { Tf } from './runtime.js';
import { spikeTimeGradientTensor, surrogateGradientTensor } from './surrogate.js';

/** A layer of integrate-and-fire neurons. */
export interface SpikingNeurons {
  readonly neuron: BinaryNeuron;
  /** θ > 0. */
  readonly threshold: number;
  /** v of all neurons, or of each channel, which come last in the currents. */
  readonly initial: readonly number[];
  /** T. */
  readonly timeSteps: number;
  /** What stands for the derivative of the spike. Gradients also go through the reset. */
  readonly surrogate: LocalSurrogate;
}

/**
 * `neuronStep` of tensors through all time-steps, differentiable: each spike has the surrogate for its derivative.
 *
 * @param current input currents, time-steps first, [T · images, …]
 * @returns spikes, 0 or 1, of the same shape
 */
export function spikingNeurons(
  tf: Tf,
  { neuron: { leak, reset, firing }, threshold, initial, timeSteps, surrogate }: SpikingNeurons,
  current: Tensor,
): Tensor {
  // tf.split has no gradient for one part.
  const inputs = timeSteps === 1 ? [current] : tf.split(current, timeSteps, 0);
  const spikes: Tensor[] = [];
  // λ times the initial potential.
  let membrane: Tensor = tf.tensor1d(initial.map((v) => leak * v * threshold));
  let since: Tensor | undefined;
  for (const input of inputs) {
    const u = tf.add(membrane, input);
    if (surrogate.kind === 'spike-time') since ??= tf.fill(u.shape, neverFiredSteps);
    const slope = (potential: Tensor) =>
      surrogate.kind === 'spike-time'
        ? spikeTimeGradientTensor(tf, surrogate, since!, threshold)
        : surrogateGradientTensor(tf, surrogate, potential, threshold);
    const o = spike(tf, u, threshold, firing, slope);
    spikes.push(o);
    if (since) since = tf.add(tf.mul(since, tf.sub(1, o)), 1);
    if (reset === 'soft') membrane = tf.mul(tf.sub(u, tf.mul(o, threshold)), leak);
    else if (reset === 'hard') membrane = tf.mul(tf.mul(u, tf.sub(1, o)), leak);
    else membrane = tf.sub(tf.mul(u, leak), tf.mul(o, threshold));
  }
  return tf.concat(spikes, 0);
}

/** The spikes of membrane potentials; `slope` gives their derivative. */
function spike(
  tf: Tf,
  u: Tensor,
  threshold: number,
  firing: BinaryNeuron['firing'],
  slope: (potential: Tensor) => Tensor,
): Tensor {
  return tf.customGrad((potential, save) => {
    const x = potential as Tensor;
    (save as (tensors: Tensor[]) => void)([slope(x)]);
    const fired = firing === 'strict' ? tf.greater(x, threshold) : tf.greaterEqual(x, threshold);
    return {
      value: tf.cast(fired, 'float32'),
      gradFunc: (dy: Tensor, saved: Tensor[]) => tf.mul(dy, saved[0]!),
    };
  })(u);
}
