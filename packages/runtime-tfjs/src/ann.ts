import type { Tensor, Tensor2D, Tensor4D } from '@tensorflow/tfjs-core';

import {
  pixelsIn,
  weightedLayers,
  type Ann,
  type ConvLayer,
  type Images,
  type Parameters,
} from '@privatesnn/core';

import { activationOf } from './activation.js';
import type { TensorRuntime, Tf } from './runtime.js';

/** A network's parameters on the tensor runtime, by name. The caller disposes of them. */
export type AnnTensors = Readonly<Record<string, Tensor>>;

/** Copies parameters to the tensor runtime. */
export function annTensors(tf: Tf, parameters: Parameters): AnnTensors {
  return Object.fromEntries(
    Object.entries(parameters).map(([name, { shape, data }]) => [
      name,
      tf.tensor(data, [...shape], 'float32'),
    ]),
  );
}

export interface ForwardOptions {
  /** Called for each dropout layer while training; dropout is the identity without it. */
  readonly dropout?: (x: Tensor, rate: number) => Tensor;
  /** The non-linearity of every weighted layer but the last; the network's own when left out. */
  readonly activation?: (x: Tensor, layer: string) => Tensor;
  /** Called with each weighted layer's output, after its non-linearity (the last layer has none). */
  readonly onActivation?: (layer: string, activation: Tensor) => void;
}

/**
 * The ANN as a differentiable function.
 *
 * @param network its layers and, if they are not ReLUs, its non-linearities
 * @param x [images, height, width, channels] in the network's input range
 * @returns logits, [images, classes]
 */
export function annForward(
  tf: Tf,
  network: Pick<Ann, 'architecture' | 'activation'>,
  tensors: AnnTensors,
  x: Tensor4D,
  options: ForwardOptions = {},
): Tensor2D {
  const { architecture } = network;
  const last = weightedLayers(architecture).at(-1);
  const activation = options.activation ?? activationOf(tf, network);
  let h: Tensor = x;
  for (const layer of architecture.layers) {
    switch (layer.kind) {
      case 'conv':
        h = convolve(tf, h as Tensor4D, tensors[`${layer.name}.weight`] as Tensor4D, layer);
        break;
      case 'dense':
        h = tf.matMul(h as Tensor2D, tensors[`${layer.name}.weight`] as Tensor2D);
        break;
      case 'average-pool':
        h = tf.avgPool(h as Tensor4D, layer.size, layer.size, 'valid');
        break;
      case 'max-pool':
        h = tf.maxPool(h as Tensor4D, layer.size, layer.size, 'valid');
        break;
      case 'flatten':
        h = tf.reshape(h, [h.shape[0]!, -1]);
        break;
      case 'dropout':
        if (options.dropout) h = options.dropout(h, layer.rate);
        break;
    }
    if (layer.kind === 'conv' || layer.kind === 'dense') {
      if (layer.bias) h = tf.add(h, tensors[`${layer.name}.bias`]!);
      if (layer !== last) h = activation(h, layer.name);
      options.onActivation?.(layer.name, h);
    }
  }
  return h as Tensor2D;
}

/** TensorFlow's kernel knows only 'same' and 'valid' padding, so other paddings are made by a pad of their own. */
function convolve(tf: Tf, x: Tensor4D, weight: Tensor4D, layer: ConvLayer): Tensor4D {
  const { kernel, stride, padding } = layer;
  if (stride === 1 && 2 * padding === kernel - 1) return tf.conv2d(x, weight, 1, 'same');
  const border: [number, number] = [padding, padding];
  const padded = padding === 0 ? x : tf.pad4d(x, [[0, 0], border, border, [0, 0]]);
  return tf.conv2d(padded, weight, stride, 'valid');
}

/**
 * Logits of an ANN for images of any pixel range.
 *
 * @returns [images, classes], row-major
 */
export async function annLogits(
  { tf }: TensorRuntime,
  ann: Ann,
  images: Images,
  options: {
    batchSize?: number;
    signal?: AbortSignal;
    onProgress?: (done: number, total: number) => void;
  } = {},
): Promise<Float32Array> {
  const { batchSize = 100, signal, onProgress } = options;
  const [count, height, width, channels] = images.shape;
  const { classes } = ann.architecture;
  const logits = new Float32Array(count * classes);
  const tensors = annTensors(tf, ann.parameters);
  try {
    for (let start = 0; start < count; start += batchSize) {
      signal?.throwIfAborted();
      const end = Math.min(count, start + batchSize);
      const batch = tf.tidy(() =>
        annForward(
          tf,
          ann,
          tensors,
          tf.tensor4d(pixelsIn(images, ann.inputRange, start, end), [
            end - start,
            height,
            width,
            channels,
          ]),
        ),
      );
      logits.set((await batch.data()) as Float32Array, start * classes);
      batch.dispose();
      onProgress?.(end, count);
    }
    return logits;
  } finally {
    tf.dispose(Object.values(tensors));
  }
}
