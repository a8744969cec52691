import type { Tensor, Tensor2D, Tensor4D } from '@tensorflow/tfjs-core';

import {
  imagePlace,
  pixelsIn,
  sourcesOf,
  spikingLayers,
  summingLayers,
  type Ann,
  type Images,
  type Layer,
  type Parameters,
  type SummingLayer,
} from '@privatesnn/core';
import type { Gains } from '@privatesnn/spiking';

import { activationOf } from './activation.js';
import { averagePool, convolve, maxPool, shortcut } from './layers.js';
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
  /** What becomes of the output of each weighted layer before its non-linearity; nothing when left out. */
  readonly normalise?: (x: Tensor, layer: string) => Tensor;
  /** The non-linearity of every layer that has one; the network's own, clipped where it is, when left out or undefined. */
  readonly activation?: (x: Tensor, layer: string) => Tensor | undefined;
  /** What an add or a concat multiplies each of its inputs with, by its name; 1 when left out. */
  readonly gains?: Gains;
  /** Called with the output of each layer that sums (conv, dense, add), after its non-linearity if it has one. */
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
  const { layers } = architecture;
  const sources = sourcesOf(architecture);
  const summing = new Set<Layer>(summingLayers(architecture));
  const spiking = new Set<Layer>(spikingLayers(architecture));
  const activation = activationOf(tf, network);
  const outputs: Tensor[] = [];
  for (const [index, layer] of layers.entries()) {
    const inputs = sources[index]!.map((source) => (source === imagePlace ? x : outputs[source]!));
    let h = layerOutput(tf, layer, tensors, inputs, options);
    if ('bias' in layer) h = options.normalise?.(h, layer.name) ?? h;
    if (summing.has(layer)) {
      const { name, maximum } = layer as SummingLayer;
      if (spiking.has(layer)) {
        h = options.activation?.(h, name) ?? clipped(tf, activation(h), maximum);
      }
      options.onActivation?.(name, h);
    }
    outputs.push(h);
  }
  return tf.reshape(outputs.at(-1)!, [x.shape[0], architecture.classes]);
}

/** A layer's output, its bias included, before its non-linearity. @param inputs what its sources give */
export function layerOutput(
  tf: Tf,
  layer: Layer,
  tensors: AnnTensors,
  inputs: readonly Tensor[],
  options: Pick<ForwardOptions, 'dropout' | 'gains'> = {},
): Tensor {
  const output = unbiased(tf, layer, tensors, inputs, options);
  return 'bias' in layer && layer.bias ? tf.add(output, tensors[`${layer.name}.bias`]!) : output;
}

function unbiased(
  tf: Tf,
  layer: Layer,
  tensors: AnnTensors,
  inputs: readonly Tensor[],
  { dropout, gains }: Pick<ForwardOptions, 'dropout' | 'gains'>,
): Tensor {
  const input = inputs[0]!;
  switch (layer.kind) {
    case 'conv':
      return convolve(tf, image4D(tf, input), tensors[`${layer.name}.weight`] as Tensor4D, layer);
    case 'dense':
      return tf.matMul(flat(tf, input), tensors[`${layer.name}.weight`] as Tensor2D);
    case 'add':
      return gained(tf, alike(tf, inputs), gains?.[layer.name]).reduce((sum, other) =>
        tf.add(sum, other),
      );
    case 'concat':
      return tf.concat(gained(tf, alike(tf, inputs), gains?.[layer.name]), -1);
    case 'average-pool':
      return averagePool(tf, image4D(tf, input), layer);
    case 'max-pool':
      return maxPool(tf, image4D(tf, input), layer);
    case 'shortcut':
      return shortcut(tf, image4D(tf, input), layer);
    case 'flatten':
      return flat(tf, input);
    case 'dropout':
      return dropout ? dropout(input, layer.rate) : input;
  }
}

function flat(tf: Tf, x: Tensor): Tensor2D {
  return x.rank === 2 ? (x as Tensor2D) : tf.reshape(x, [x.shape[0]!, -1]);
}

/** What is flat is an image of one pixel. */
function image4D(tf: Tf, x: Tensor): Tensor4D {
  return x.rank === 4 ? (x as Tensor4D) : tf.reshape(x, [x.shape[0]!, 1, 1, -1]);
}

function alike(tf: Tf, inputs: readonly Tensor[]): Tensor[] {
  return inputs.every(({ rank }) => rank === 2) ? [...inputs] : inputs.map((x) => image4D(tf, x));
}

function gained(tf: Tf, inputs: readonly Tensor[], gains: readonly number[] = []): Tensor[] {
  return inputs.map((x, k) => ((gains[k] ?? 1) === 1 ? x : tf.mul(x, gains[k]!)));
}

function clipped(tf: Tf, x: Tensor, maximum: number | undefined): Tensor {
  return maximum === undefined ? x : tf.minimum(x, maximum);
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
