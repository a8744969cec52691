import type { Tensor, Tensor2D, Tensor4D } from '@tensorflow/tfjs-core';

import type { Snn } from '@privatesnn/core';
import { annForward, spikingNeurons, type AnnTensors, type Tf } from '@privatesnn/runtime-tfjs';
import { binaryNeuronOf, encode, initialPotentialsOf } from '@privatesnn/spiking';

import { surrogateOf } from '../part-options.js';
import { normalisedLayers } from './normalised-layers.js';
import type { TdbnOptions } from './options.js';

/** Mean and variance of a layer's input currents, [channels] each. */
export interface Statistics<T> {
  readonly mean: T;
  readonly variance: T;
}

/** Names of the scale γ and the shift β that a layer learns. */
export const scaleOf = (layer: string) => `${layer}.tdbn-scale`;
export const shiftOf = (layer: string) => `${layer}.tdbn-shift`;

/** The scales (1) and shifts (0) of all layers that are normalised, before training. */
export function initialNorms(snn: Snn): Record<string, Float32Array> {
  return Object.fromEntries(
    normalisedLayers(snn).flatMap(({ layer, channels }) => [
      [scaleOf(layer.name), new Float32Array(channels).fill(1)],
      [shiftOf(layer.name), new Float32Array(channels)],
    ]),
  );
}

/** The encoder's output for a batch, [T · images, height, width, channels], time-steps first. */
export function encodeBatch(
  { encoder, timeSteps }: Snn,
  pixels: Float32Array,
  images: number,
  seed: number,
): Float32Array {
  const size = pixels.length / images;
  const result = new Float32Array(timeSteps * pixels.length);
  for (let image = 0; image < images; image++) {
    const one = pixels.subarray(image * size, (image + 1) * size);
    encode(encoder.kind, one, { seed, image, timeSteps }).forEach((x, t) =>
      result.set(x, (t * images + image) * size),
    );
  }
  return result;
}

/**
 * A spiking network with threshold-dependent batch normalisation (Zheng 2020), as a differentiable function: the
 * currents of each channel, over the batch, all time-steps and pixels, are brought to mean 0 and standard deviation
 * α·θ (see normalisedLayers), scaled and shifted, and fed to the neurons.
 *
 * @param tensors weights, biases, and the scales and shifts
 * @param x what `encodeBatch` gives
 * @param onStatistics called with each layer's statistics
 * @returns logits, [images, classes]
 */
export function tdbnForward(
  tf: Tf,
  snn: Snn,
  tensors: AnnTensors,
  x: Tensor4D,
  options: TdbnOptions,
  onStatistics?: (layer: string, statistics: Statistics<Tensor>) => void,
): Tensor2D {
  const { architecture, thresholds, gains, timeSteps, readout } = snn;
  const deviations = new Map(
    normalisedLayers(snn).map(({ layer, threshold }) => [layer.name, options.alpha * threshold]),
  );
  const neuron = binaryNeuronOf(snn, 'train');
  const neurons = { neuron, timeSteps, surrogate: surrogateOf(options) };
  const currents = annForward(tf, { architecture }, tensors, x, {
    ...(gains ? { gains } : {}),
    normalise: (current, name) => {
      const deviation = deviations.get(name);
      if (deviation === undefined) return current;
      const axes = current.shape.map((_, axis) => axis).slice(0, -1);
      const mean = tf.mean(current, axes);
      const centred = tf.sub(current, mean);
      const variance = tf.mean(tf.mul(centred, centred), axes);
      onStatistics?.(name, { mean, variance });
      const factor = tf.div(deviation, tf.sqrt(tf.add(variance, options.epsilon)));
      const scaled = tf.mul(centred, tf.mul(factor, tensors[scaleOf(name)]!));
      return tf.add(scaled, tensors[shiftOf(name)]!);
    },
    activation: (current, name) =>
      spikingNeurons(
        tf,
        {
          ...{ ...neurons, threshold: thresholds[name]! },
          initial: initialPotentialsOf(snn, neuron, name),
        },
        current,
      ),
  });
  const images = x.shape[0] / timeSteps;
  const overTime = tf.reshape(currents, [timeSteps, images, architecture.classes]);
  return tf.mul(tf.sum(overTime, 0), readout.scale);
}
