import {
  imagePlace,
  pixelsIn,
  sourcesOf,
  spikingLayers,
  type Ann,
  type Architecture,
  type Images,
  type Layer,
  type RandomStream,
  type Snn,
} from '@privatesnn/core';
import { visitActivations, type TensorRuntime } from '@privatesnn/runtime-tfjs';
import { joinArrays, type SpikingEngine } from '@privatesnn/spiking';

import { fitWeights, type Part } from './fit-weights.js';

/** What a network's layers are to give, and how they are brought there. */
export interface WeightCalibration {
  readonly engine: SpikingEngine;
  readonly tensors: TensorRuntime;
  /** The network whose activations are followed. */
  readonly ann: Ann;
  /** θ of each spiking layer in units of activations: what a rate of one spike a time-step stands for. */
  readonly units: Readonly<Record<string, number>>;
  /** Makes the spiking network of an ANN of other weights. */
  readonly convert: (ann: Ann) => Snn;
  readonly images: Images;
  /** Images that go through a network together. */
  readonly batchSize: number;
  /** Steps of Adam for each layer. */
  readonly steps: number;
  /** Adam's first learning rate, in root mean squares of the layer's weights. */
  readonly rate: number;
  readonly seed: number;
  /** Draws the images of each step. */
  readonly random: RandomStream;
  readonly signal: AbortSignal;
  readonly onProgress: (done: number, total: number) => void;
}

/** How far what a layer's spikes stand for is from the ANN's activations: Σ (θ·rate − a)² / Σ a². */
export interface LayerError {
  readonly layer: string;
  readonly before: number;
  /** At most `before`. */
  readonly after: number;
}

/**
 * Calibrates weights and biases (Li 2021): of layer after layer, those are sought with which what comes of the spikes
 * before it, clipped and rounded, follows the ANN's activations (fitWeights). They are kept where they bring the spiking
 * network's own spikes of that layer closer, with the layers before calibrated already; else the layer stays as it is.
 */
export async function calibrateWeights(
  calibration: WeightCalibration,
): Promise<{ readonly ann: Ann; readonly errors: readonly LayerError[] }> {
  const { ann: target, signal, onProgress } = calibration;
  const parts = partsOf(target.architecture);
  const spikes = new Map<string, Float32Array>();
  const errors: LayerError[] = [];
  let ann = target;
  for (const [at, part] of parts.entries()) {
    signal.throwIfAborted();
    const { layer } = part;
    const wanted = await activationsOf(calibration, layer);
    let found = await spikesOf(calibration, ann, layer);
    const before = relativeDistance(found, wanted);
    let after = before;
    if (part.weighted.length > 0) {
      const fitted = await fitWeights(calibration, ann, { ...part, spikes, wanted });
      const other = await spikesOf(calibration, fitted, layer);
      const distance = relativeDistance(other, wanted);
      if (distance < before) [ann, found, after] = [fitted, other, distance];
    }
    spikes.set(layer, found);
    errors.push({ layer, before, after });
    onProgress(at + 1, parts.length);
  }
  return { ann, errors };
}

/** Each spiking layer with the weighted layers between the spikes before and it, without those of a layer before. */
function partsOf(architecture: Architecture): Part[] {
  const { layers } = architecture;
  const sources = sourcesOf(architecture);
  const spiking = new Set<Layer>(spikingLayers(architecture));
  const taken = new Set<string>();
  return spikingLayers(architecture).map((layer) => {
    const place = layers.indexOf(layer);
    const weighted = new Set<string>();
    const visit = (at: number): void => {
      const { kind, name } = layers[at]!;
      if ((kind === 'conv' || kind === 'dense') && !taken.has(name)) weighted.add(name);
      for (const from of sources[at]!) {
        if (from !== imagePlace && !spiking.has(layers[from]!)) visit(from);
      }
    };
    visit(place);
    weighted.forEach((name) => taken.add(name));
    return { layer: layer.name, place, weighted: [...weighted] };
  });
}

/** The ANN's activations of a layer, [images, height · width · channels]. */
async function activationsOf(
  { tensors, ann, images, batchSize, signal }: WeightCalibration,
  wanted: string,
): Promise<Float32Array> {
  const found: Float32Array[] = [];
  const pass = { batchSize, signal, onProgress: () => {} };
  await visitActivations(tensors, ann, images, pass, (layer, values) => {
    if (layer === wanted) found.push(values.slice());
  });
  return joinArrays(found);
}

/** What a layer's spikes stand for, θ · rate, [images, height · width · channels]; a spike that is taken back counts −1. */
async function spikesOf(
  { engine, units, convert, images, batchSize, seed, signal }: WeightCalibration,
  ann: Ann,
  layer: string,
): Promise<Float32Array> {
  const snn = convert(ann);
  const unit = units[layer]! / snn.timeSteps;
  const found: Float32Array[] = [];
  const [count] = images.shape;
  for (let first = 0; first < count; first += batchSize) {
    const end = Math.min(count, first + batchSize);
    const pixels = pixelsIn(images, snn.encoder.range, first, end);
    const request = { snn, pixels, seed, firstImage: first, raster: [layer], signal };
    const bytes = (await engine.infer(request)).raster[layer]!;
    const size = bytes.length / ((end - first) * snn.timeSteps);
    const sums = new Float32Array((end - first) * size);
    bytes.forEach((byte, at) => {
      if (byte === 0) return;
      const image = Math.floor(at / (size * snn.timeSteps));
      sums[image * size + (at % size)]! += byte === 1 ? 1 : -1;
    });
    found.push(sums.map((sum) => sum * unit));
  }
  return joinArrays(found);
}

function relativeDistance(values: Float32Array, wanted: Float32Array): number {
  let [distance, norm] = [0, 0];
  wanted.forEach((a, i) => {
    distance += (values[i]! - a) ** 2;
    norm += a * a;
  });
  return norm > 0 ? distance / norm : distance;
}
