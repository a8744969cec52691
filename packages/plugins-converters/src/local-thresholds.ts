import { partOfImages, spikingLayers } from '@privatesnn/core';
import { visitActivations } from '@privatesnn/runtime-tfjs';

import { passOf, type Search } from './least-error-pass.js';

/** θ + 2 · mean((x − θ)⁺): a step down the gradient of the mean of ((x − θ)⁺)², what θ cuts off (Bu 2025). */
export function locallyBalanced(threshold: number, currents: Float32Array): number {
  let excess = 0;
  for (const current of currents) if (current > threshold) excess += current - threshold;
  return threshold + (2 * excess) / currents.length;
}

/**
 * Thresholds of local balancing (Bu 2025): from 0, each layer's takes a step on each of `localUpdates` batches of its own
 * currents, which are those of the network whose ReLUs are clipped at the thresholds so far.
 *
 * @returns θ ≥ 0 of each layer that is to spike, in units of activations
 */
export async function localThresholds(search: Search): Promise<Record<string, number>> {
  const { context, tensors, ann, calibration, options } = search;
  const { tf } = tensors;
  const layers = spikingLayers(ann.architecture);
  const maxima = new Map(layers.map(({ name, maximum = Infinity }) => [name, maximum]));
  const thresholds = Object.fromEntries(layers.map(({ name }) => [name, 0]));
  const { localUpdates, batchSize } = options;
  const batches = Math.ceil(calibration.shape[0] / batchSize);
  for (let done = 0; done < localUpdates; done += batches) {
    const images = partOfImages(calibration, (localUpdates - done) * batchSize);
    await visitActivations(
      tensors,
      ann,
      images,
      {
        ...passOf(search, ''),
        onProgress: (seen) =>
          context.progress(
            done + Math.ceil(seen / batchSize),
            localUpdates,
            'thresholds balanced locally',
          ),
        activation: (x, layer) => {
          const balanced = locallyBalanced(thresholds[layer]!, x.dataSync() as Float32Array);
          thresholds[layer] = Math.min(balanced, maxima.get(layer)!);
          return tf.minimum(tf.relu(x), thresholds[layer]);
        },
      },
      () => {},
    );
  }
  return thresholds;
}
