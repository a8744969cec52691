import type { Tensor4D } from '@tensorflow/tfjs-core';

import { pixelsIn, type Ann, type Images } from '@privatesnn/core';
import { annForward, annTensors, type TensorRuntime } from '@privatesnn/runtime-tfjs';

/**
 * The positive activations of each weighted layer of an ANN over images; zeros are left out.
 *
 * @returns by layer name, one array a batch
 */
export async function positiveActivations(
  { tf }: TensorRuntime,
  ann: Ann,
  images: Images,
  options: {
    batchSize: number;
    signal: AbortSignal;
    onProgress: (done: number, total: number) => void;
  },
): Promise<Record<string, Float32Array[]>> {
  const [count, height, width, channels] = images.shape;
  const result: Record<string, Float32Array[]> = {};
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
          onActivation: (layer, activation) => {
            const values = activation.dataSync() as Float32Array;
            (result[layer] ??= []).push(values.filter((value) => value > 0));
          },
        });
      });
      options.onProgress(end, count);
      // Lets Ctrl-C and progress through between batches.
      await new Promise(setImmediate);
    }
    return result;
  } finally {
    tf.dispose(Object.values(tensors));
  }
}
