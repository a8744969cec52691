import {
  assertImagesFit,
  pixelsIn,
  UserError,
  spikingLayers,
  type Ann,
  type Images,
} from '@privatesnn/core';
import { annForward, annTensors, type TensorRuntime } from '@privatesnn/runtime-tfjs';
import type { Tensor, Tensor4D } from '@tensorflow/tfjs-core';

import type { FeatureMatrix } from './matrix.js';

export interface ExtractionOptions {
  readonly batch: number;
  readonly signal: AbortSignal;
  readonly onProgress: (done: number, total: number) => void;
}

/**
 * Activations of a classifier's last layer that has a ReLU; a convolution's are averaged over
 * the pixels.
 *
 * @returns [images, units]
 */
export async function penultimateFeatures(
  { tf }: TensorRuntime,
  ann: Ann,
  images: Images,
  { batch, signal, onProgress }: ExtractionOptions,
): Promise<FeatureMatrix> {
  assertImagesFit(images, ann.architecture);
  const penultimate = spikingLayers(ann.architecture).at(-1)?.name;
  if (penultimate === undefined) {
    throw new UserError(
      'data',
      'NO_HIDDEN_LAYER',
      `Expected a classifier with a hidden layer, but ${ann.architecture.name} has only its output layer.`,
      { hint: 'Give a deeper classifier as `features`, or set extractor to pixels.' },
    );
  }
  const [count, height, width, channels] = images.shape;
  const parts: Float32Array[] = [];
  const tensors = annTensors(tf, ann.parameters);
  try {
    for (let start = 0; start < count; start += batch) {
      signal.throwIfAborted();
      const end = Math.min(count, start + batch);
      const features = tf.tidy(() => {
        let kept: Tensor | undefined;
        const x = tf.tensor4d(pixelsIn(images, ann.inputRange, start, end), [
          end - start,
          height,
          width,
          channels,
        ]);
        annForward(tf, ann, tensors, x, {
          onActivation: (layer, activation) => {
            if (layer === penultimate) kept = activation;
          },
        });
        return kept!.rank === 4 ? tf.mean(kept as Tensor4D, [1, 2]) : kept!;
      });
      parts.push((await features.data()) as Float32Array);
      features.dispose();
      onProgress(end, count);
    }
  } finally {
    tf.dispose(Object.values(tensors));
  }
  return stackFeatures(parts, count);
}

/** Batches of feature rows under each other. */
export function stackFeatures(parts: readonly Float32Array[], rows: number): FeatureMatrix {
  const data = new Float64Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    data.set(part, at);
    at += part.length;
  }
  return { rows, columns: data.length / rows, data };
}
