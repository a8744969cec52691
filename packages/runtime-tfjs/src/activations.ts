import type { Tensor4D } from '@tensorflow/tfjs-core';

import { pixelsIn, type Ann, type Images } from '@privatesnn/core';

import { annForward, annTensors, type ForwardOptions } from './ann.js';
import type { TensorRuntime } from './runtime.js';

export interface PassOptions {
  readonly batchSize: number;
  readonly signal: AbortSignal;
  readonly onProgress: (done: number, total: number) => void;
  /** Takes the place of the network's non-linearities (see annForward). */
  readonly activation?: ForwardOptions['activation'];
}

/**
 * Visits the output of each layer of an ANN that sums, after its non-linearity, over images.
 *
 * @param visit called with a layer's name and what it gives for one batch, [images, …, channels]
 */
export async function visitActivations(
  { tf }: TensorRuntime,
  ann: Ann,
  images: Images,
  options: PassOptions,
  visit: (layer: string, values: Float32Array) => void,
): Promise<void> {
  const [count, height, width, channels] = images.shape;
  const tensors = annTensors(tf, ann.parameters);
  try {
    for (let start = 0; start < count; start += options.batchSize) {
      options.signal.throwIfAborted();
      const end = Math.min(count, start + options.batchSize);
      tf.tidy(() => {
        const x: Tensor4D = tf.tensor4d(pixelsIn(images, ann.inputRange, start, end), [
          end - start,
          height,
          width,
          channels,
        ]);
        annForward(tf, ann, tensors, x, {
          ...(options.activation ? { activation: options.activation } : {}),
          onActivation: (layer, activation) => visit(layer, activation.dataSync() as Float32Array),
        });
      });
      options.onProgress(end, count);
      // Lets Ctrl-C and progress through between batches.
      await new Promise(setImmediate);
    }
  } finally {
    tf.dispose(Object.values(tensors));
  }
}

/**
 * The positive activations of each weighted layer of an ANN over images; zeros are left out.
 *
 * @returns by layer name, one array a batch
 */
export async function positiveActivations(
  tensors: TensorRuntime,
  ann: Ann,
  images: Images,
  options: PassOptions,
): Promise<Record<string, Float32Array[]>> {
  const result: Record<string, Float32Array[]> = {};
  await visitActivations(tensors, ann, images, options, (layer, values) => {
    (result[layer] ??= []).push(values.filter((value) => value > 0));
  });
  return result;
}
