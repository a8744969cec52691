import { pixelsIn, spikingLayers, summingLayers, type Ann, type Images } from '@privatesnn/core';
import { annForward, annTensors, type TensorRuntime } from '@privatesnn/runtime-tfjs';
import type { Tensor, Tensor4D } from '@tensorflow/tfjs-core';

interface PassOptions {
  readonly batch: number;
  readonly signal: AbortSignal;
}

/** Activations of all layers of an ANN that have a ReLU, by layer, [images, neurons]; behind them its logits. */
export async function annActivations(
  { tf }: TensorRuntime,
  ann: Ann,
  images: Images,
  { batch, signal }: PassOptions,
): Promise<Map<string, Float32Array>> {
  const [count] = images.shape;
  const wanted = [...spikingLayers(ann.architecture), summingLayers(ann.architecture).at(-1)!];
  const names = new Set(wanted.map(({ name }) => name));
  const all = new Map<string, Float32Array>();
  const tensors = annTensors(tf, ann.parameters);
  try {
    for (let start = 0; start < count; start += batch) {
      signal.throwIfAborted();
      const end = Math.min(count, start + batch);
      const kept = new Map<string, Tensor>();
      tf.tidy(() => {
        annForward(tf, ann, tensors, imageTensor(tf, ann, images, start, end), {
          onActivation: (layer, activation) => {
            if (names.has(layer)) kept.set(layer, tf.keep(activation));
          },
        });
      });
      for (const [layer, tensor] of kept) {
        const values = (await tensor.data()) as Float32Array;
        tensor.dispose();
        const size = values.length / (end - start);
        if (!all.has(layer)) all.set(layer, new Float32Array(count * size));
        all.get(layer)!.set(values, start * size);
      }
    }
    return all;
  } finally {
    tf.dispose(Object.values(tensors));
  }
}

/**
 * Logits of an ANN in which one hidden layer gives other activations than its own.
 *
 * @param activations after the layer's ReLU, [images, neurons]
 * @returns [images, classes]
 */
export async function logitsFrom(
  { tf }: TensorRuntime,
  ann: Ann,
  images: Images,
  { layer, activations }: { readonly layer: string; readonly activations: Float32Array },
  { batch, signal }: PassOptions,
): Promise<Float32Array> {
  const { classes } = ann.architecture;
  const [count] = images.shape;
  const size = activations.length / count;
  const logits = new Float32Array(count * classes);
  const tensors = annTensors(tf, ann.parameters);
  try {
    for (let start = 0; start < count; start += batch) {
      signal.throwIfAborted();
      const end = Math.min(count, start + batch);
      const values = activations.subarray(start * size, end * size);
      const result = tf.tidy(() =>
        annForward(tf, ann, tensors, imageTensor(tf, ann, images, start, end), {
          activation: (x, name) => (name === layer ? tf.tensor(values, x.shape) : undefined),
        }),
      );
      logits.set((await result.data()) as Float32Array, start * classes);
      result.dispose();
    }
    return logits;
  } finally {
    tf.dispose(Object.values(tensors));
  }
}

function imageTensor(
  tf: TensorRuntime['tf'],
  ann: Ann,
  images: Images,
  start: number,
  end: number,
): Tensor4D {
  const [, height, width, channels] = images.shape;
  const pixels = pixelsIn(images, ann.inputRange, start, end);
  return tf.tensor4d(pixels, [end - start, height, width, channels]);
}
