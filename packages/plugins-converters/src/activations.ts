import { spikingChannels, type Images } from '@privatesnn/core';
import { activationSizes, visitActivations, type Sizes } from '@privatesnn/runtime-tfjs';

import { passOf, type Search } from './least-error-pass.js';

/** The activations of each layer that is to spike on the calibration images. */
export const sizesOf = (search: Search): Promise<Sizes> =>
  activationSizes(search.tensors, search.ann, search.calibration, passOf(search, 'activations'));

/** The mean activation of each channel over images, by layer. */
export async function channelMeans(
  search: Search,
  images: Images,
): Promise<Record<string, Float64Array>> {
  const means: Record<string, Float64Array> = {};
  const numbers: Record<string, number> = {};
  await visitSpiking(search, images, 'mean activations', (layer, values, channels) => {
    const sum = (means[layer] ??= new Float64Array(channels));
    values.forEach((value, i) => (sum[i % channels]! += value));
    numbers[layer] = (numbers[layer] ?? 0) + values.length / channels;
  });
  for (const [layer, sum] of Object.entries(means)) {
    sum.forEach((value, c) => (sum[c] = value / numbers[layer]!));
  }
  return means;
}

/** Visits the activations of the layers that are to spike. */
export async function visitSpiking(
  search: Search,
  images: Images,
  note: string,
  look: (layer: string, values: Float32Array, channels: number) => void,
): Promise<void> {
  const { tensors, ann } = search;
  const channels = spikingChannels(ann.architecture);
  await visitActivations(tensors, ann, images, passOf(search, note), (layer, values) => {
    const width = channels.get(layer);
    if (width !== undefined) look(layer, values, width);
  });
}
