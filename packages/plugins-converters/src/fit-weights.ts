import type { Scalar, Tensor } from '@tensorflow/tfjs-core';

import {
  imagePlace,
  layerShapes,
  permutation,
  pixelsIn,
  selectImages,
  sourcesOf,
  spikingLayers,
  type Ann,
  type Layer,
} from '@privatesnn/core';
import {
  annTensors,
  layerOutput,
  quantisedReLU,
  tidyValues,
  type AnnTensors,
  type Tf,
} from '@privatesnn/runtime-tfjs';
import { cosineRate, createAdam } from '@privatesnn/spiking';

import type { WeightCalibration } from './calibrate-weights.js';

/** Images of one step. Each has as many examples as the layer has pixels. */
const stepImages = 10;

/** A spiking layer, and what is fitted there. */
export interface Part {
  readonly layer: string;
  /** Among the architecture's layers. */
  readonly place: number;
  /** The names of the weighted layers whose weights and biases are fitted. */
  readonly weighted: readonly string[];
}

interface Fit extends Part {
  /** What the spikes of the layers before stand for, by their names, [images, height · width · channels]. */
  readonly spikes: ReadonlyMap<string, Float32Array>;
  /** What the layer is to give, the same. */
  readonly wanted: Float32Array;
}

/**
 * Fits the weights and biases W before a layer by some steps of Adam, with learning rates that fall along a half cosine
 * to 0, down the gradient of
 *
 * Σ (q(W·s, θ) − a)² / Σ a²
 *
 * with what the spikes before it stand for, s, the wanted activations a, and the quantised ReLU q, whose rounding has the
 * derivative 1.
 *
 * @returns the ANN with those weights
 */
export async function fitWeights(calibration: WeightCalibration, ann: Ann, fit: Fit): Promise<Ann> {
  const { tensors, convert, images, steps, rate, random, signal } = calibration;
  const { tf } = tensors;
  const layers = fit.weighted.map((name) => layerOf(ann, name));
  const values = Object.assign({}, ...layers.map((layer) => layer.values)) as Values;
  const optimizers = layers.map(({ size }) => createAdam({ learningRate: rate * size }));
  const { encoder, timeSteps } = convert(ann);
  const [count] = images.shape;
  const stream = random.fork(fit.layer);
  const others = annTensors(tf, ann.parameters);
  let order: readonly number[] = [];
  try {
    for (let step = 0; step < steps; step++) {
      signal.throwIfAborted();
      if (order.length === 0) order = [...permutation(count, stream)];
      const chosen = order.slice(0, stepImages);
      order = order.slice(stepImages);
      const pixels = pixelsIn(selectImages(images, chosen), encoder.range);
      const gradients = gradientsOf(calibration, ann, fit, {
        ...{ values, others, timeSteps, chosen, pixels },
      });
      for (const [i, layer] of layers.entries()) {
        const optimizer = optimizers[i]!;
        optimizer.learningRate = cosineRate(rate * layer.size, step / steps);
        optimizer.step(layer.values, only(gradients, Object.keys(layer.values)));
      }
      // Lets Ctrl-C and progress through between steps.
      await new Promise(setImmediate);
    }
  } finally {
    tf.dispose(Object.values(others));
  }
  const fitted = Object.entries(values).map(([name, data]) => [
    name,
    { ...ann.parameters[name]!, data },
  ]);
  return { ...ann, parameters: { ...ann.parameters, ...Object.fromEntries(fitted) } };
}

/** Parameters by name. */
type Values = Readonly<Record<string, Float32Array>>;

/** A copy of a layer's weights and its bias, if it has one, and the root mean square of the weights. */
function layerOf({ parameters }: Ann, layer: string): { values: Values; size: number } {
  const [weight, bias] = [`${layer}.weight`, `${layer}.bias`];
  const names = parameters[bias] ? [weight, bias] : [weight];
  const values = Object.fromEntries(
    names.map((name) => [name, Float32Array.from(parameters[name]!.data)]),
  );
  const { data } = parameters[weight]!;
  const squares = data.reduce((sum, w) => sum + w * w, 0);
  return { values, size: Math.sqrt(squares / data.length) };
}

function only(values: Values, names: readonly string[]): Values {
  return Object.fromEntries(names.map((name) => [name, values[name]!]));
}

interface Step {
  /** Of the parameters that are fitted. */
  readonly values: Values;
  /** All parameters as they were. */
  readonly others: AnnTensors;
  readonly timeSteps: number;
  /** Images, and their pixels in the encoder's range. */
  readonly chosen: readonly number[];
  readonly pixels: Float32Array;
}

function gradientsOf(
  { tensors: { tf }, units }: WeightCalibration,
  ann: Ann,
  fit: Fit,
  { values, others, timeSteps, chosen, pixels }: Step,
): Values {
  const names = Object.keys(values);
  const shapes = layerShapes(ann.architecture);
  return tidyValues(tf, () => {
    const inputAt = (place: number): Tensor => {
      const isImage = place === imagePlace;
      const shape = isImage ? ann.architecture.inputShape : shapes[place]!;
      const data = isImage
        ? pixels
        : rowsOf(fit.spikes.get(ann.architecture.layers[place]!.name!)!, chosen, shape);
      return tf.tensor4d(data, [chosen.length, ...shape]);
    };
    const wanted = tf.tensor1d(rowsOf(fit.wanted, chosen, shapes[fit.place]!));
    const threshold = tf.scalar(Math.log(units[fit.layer]!));
    const { grads } = tf.valueAndGrads((...given: Tensor[]) => {
      const fitted = Object.fromEntries(names.map((name, i) => [name, given[i]!]));
      const current = currentOf(tf, ann, fit.place, { ...others, ...fitted }, inputAt);
      const rounded = tf.reshape(quantisedReLU(tf, current, threshold, timeSteps), [-1]);
      const norm = tf.maximum(tf.sum(tf.square(wanted)), 1e-30);
      return tf.div(tf.sum(tf.square(tf.sub(rounded, wanted))), norm) as Scalar;
    })(names.map((name) => tf.tensor(values[name]!, [...ann.parameters[name]!.shape])));
    return Object.fromEntries(names.map((name, i) => [name, grads[i]!.dataSync() as Float32Array]));
  });
}

/** What a layer's neurons take, from what the image and the spiking layers before give. */
function currentOf(
  tf: Tf,
  { architecture }: Ann,
  place: number,
  tensors: AnnTensors,
  inputAt: (place: number) => Tensor,
): Tensor {
  const { layers } = architecture;
  const sources = sourcesOf(architecture);
  const spiking = new Set<Layer>(spikingLayers(architecture));
  const outputOf = (at: number): Tensor =>
    at === imagePlace || (at !== place && spiking.has(layers[at]!))
      ? inputAt(at)
      : layerOutput(tf, layers[at]!, tensors, sources[at]!.map(outputOf));
  return outputOf(place);
}

function rowsOf(
  values: Float32Array,
  rows: readonly number[],
  [height, width, channels]: readonly [number, number, number],
): Float32Array {
  const size = height * width * channels;
  const result = new Float32Array(rows.length * size);
  rows.forEach((row, i) => result.set(values.subarray(row * size, (row + 1) * size), i * size));
  return result;
}
