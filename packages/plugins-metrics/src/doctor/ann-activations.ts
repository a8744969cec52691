import { layerShapes, pixelsIn, type Ann, type Images } from '@privatesnn/core';
import { annForward, annTensors, type TensorRuntime } from '@privatesnn/runtime-tfjs';
import type { Tensor, Tensor4D } from '@tensorflow/tfjs-core';

interface PassOptions {
  readonly batch: number;
  readonly signal: AbortSignal;
}

/** Activations of all weighted layers of an ANN after their ReLU, by layer, [images, neurons]; the last gives the logits. */
export async function annActivations(
  { tf }: TensorRuntime,
  ann: Ann,
  images: Images,
  { batch, signal }: PassOptions,
): Promise<Map<string, Float32Array>> {
  const [count, height, width, channels] = images.shape;
  const all = new Map<string, Float32Array>();
  const tensors = annTensors(tf, ann.parameters);
  try {
    for (let start = 0; start < count; start += batch) {
      signal.throwIfAborted();
      const end = Math.min(count, start + batch);
      const kept = new Map<string, Tensor>();
      tf.tidy(() => {
        const x = tf.tensor4d(pixelsIn(images, ann.inputRange, start, end), [
          end - start,
          height,
          width,
          channels,
        ]);
        annForward(tf, ann, tensors, x, {
          onActivation: (layer, activation) => kept.set(layer, tf.keep(activation)),
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
 * Logits of an ANN that starts from given activations of one of its hidden layers.
 *
 * @param activations after the layer's ReLU, [images, neurons]
 * @returns [images, classes]
 */
export async function logitsFrom(
  { tf }: TensorRuntime,
  ann: Ann,
  layer: string,
  activations: Float32Array,
  { batch, signal }: PassOptions,
): Promise<Float32Array> {
  const { architecture } = ann;
  const place = architecture.layers.findIndex((l) => 'name' in l && l.name === layer);
  const [height, width, channels] = layerShapes(architecture)[place]!;
  const size = height * width * channels;
  const count = activations.length / size;
  const layers = architecture.layers.slice(place + 1);
  const rest = { ...ann, architecture: { ...architecture, layers } };
  const flat = architecture.layers[place]!.kind === 'dense';
  const logits = new Float32Array(count * architecture.classes);
  const tensors = annTensors(tf, ann.parameters);
  try {
    for (let start = 0; start < count; start += batch) {
      signal.throwIfAborted();
      const end = Math.min(count, start + batch);
      const values = activations.subarray(start * size, end * size);
      const result = tf.tidy(() => {
        const h = tf.tensor(
          values,
          flat ? [end - start, size] : [end - start, height, width, channels],
        );
        return annForward(tf, rest, tensors, h as Tensor4D);
      });
      logits.set((await result.data()) as Float32Array, start * architecture.classes);
      result.dispose();
    }
    return logits;
  } finally {
    tf.dispose(Object.values(tensors));
  }
}
