import { pixelsIn, UserError, type Images } from '@privatesnn/core';
import type { TensorRuntime } from '@privatesnn/runtime-tfjs';
import type { Tensor, Tensor4D } from '@tensorflow/tfjs-core';

import { loadGraphModel } from './graph-model.js';
import type { FeatureMatrix } from './matrix.js';
import { stackFeatures, type ExtractionOptions } from './penultimate.js';

/** Height and width that InceptionV3 takes. */
const inceptionSize = 299;

/**
 * Features of an InceptionV3 graph model from the user's disk: images resized to 299 × 299 (bilinear), in
 * [-1, 1], grey ones repeated to RGB; a spatial output is averaged over the pixels.
 *
 * @param outputNode name of the graph's node to take; its own output when left out
 * @returns [images, features]
 */
export async function inceptionFeatures(
  { tf }: TensorRuntime,
  path: string,
  outputNode: string | undefined,
  images: Images,
  { batch, signal, onProgress }: ExtractionOptions,
): Promise<FeatureMatrix> {
  const model = await loadGraphModel(path);
  const [count, height, width, channels] = images.shape;
  const parts: Float32Array[] = [];
  try {
    for (let start = 0; start < count; start += batch) {
      signal.throwIfAborted();
      const end = Math.min(count, start + batch);
      const features = tf.tidy(() => {
        const pixels = tf.tensor4d(pixelsIn(images, [-1, 1], start, end), [
          end - start,
          height,
          width,
          channels,
        ]);
        const rgb = channels === 1 ? tf.tile(pixels, [1, 1, 1, 3]) : pixels;
        const resized = tf.image.resizeBilinear(rgb, [inceptionSize, inceptionSize]);
        const result = model.execute(resized, outputNode);
        return flatten(Array.isArray(result) ? (result[0] as Tensor) : (result as Tensor));
      });
      parts.push((await features.data()) as Float32Array);
      features.dispose();
      onProgress(end, count);
    }
  } finally {
    model.dispose();
  }
  return stackFeatures(parts, count);

  function flatten(result: Tensor): Tensor {
    if (result.rank === 4) return tf.mean(result as Tensor4D, [1, 2]);
    if (result.rank === 2) return result;
    throw new UserError(
      'data',
      'INCEPTION_OUTPUT',
      `Expected features of shape [images, features], but the graph model gives [${result.shape.join(', ')}].`,
      { hint: 'Name the pooling node of the graph in `inceptionOutput`.' },
    );
  }
}
