import type { Tensor4D } from '@tensorflow/tfjs-core';

import {
  partOfImages,
  pixelsIn,
  type Ann,
  type ChannelStatistics,
  type Images,
} from '@privatesnn/core';
import { annForward, annTensors, tidyValues, type Tf } from '@privatesnn/runtime-tfjs';

import { batchNormalise, foldedNetwork, initialNorms } from './batch-norm-training.js';

/** Images of the batch whose statistics are taken. */
const batchSize = 100;

/**
 * An untrained network with the batch normalisation of its first batch, folded: every weighted layer but the last has
 * mean 0 and variance 1 on these images. Without it the activations of a residual network grow with every block.
 */
export function normalisedStart(
  tf: Tf,
  { architecture, parameters, inputRange }: Pick<Ann, 'architecture' | 'parameters' | 'inputRange'>,
  images: Images,
): Pick<Ann, 'architecture' | 'parameters'> {
  const part = partOfImages(images, batchSize);
  const trained = { ...parameters, ...initialNorms(architecture) };
  const statistics = tidyValues(tf, () => {
    const found: Record<string, ChannelStatistics> = {};
    const tensors = annTensors(tf, trained);
    const shape: [number, number, number, number] = [part.shape[0], ...architecture.inputShape];
    const x: Tensor4D = tf.tensor4d(pixelsIn(part, inputRange), shape);
    annForward(tf, { architecture }, tensors, x, {
      normalise: batchNormalise(tf, tensors, (layer, one) => (found[layer] = one)),
    });
    return found;
  });
  const { statistics: _, ...folded } = foldedNetwork(architecture, trained, statistics);
  return folded;
}
