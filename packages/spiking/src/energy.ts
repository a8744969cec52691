import {
  imageName,
  imagePlace,
  layerShapes,
  parameterShapes,
  sourcesOf,
  spikingLayers,
  summingLayers,
  weightedLayers,
  windowOf,
  type Architecture,
  type Encoder,
  type Layer,
  type Window,
} from '@privatesnn/core';

import type { LayerActivity, LayerOperations } from './engine.js';

/** Energy of one operation, in picojoules. */
export interface EnergyConstants {
  /** Multiply and accumulate. */
  readonly mac: number;
  /** Accumulate. */
  readonly ac: number;
}

/** 32-bit operations in a 45 nm process (Horowitz 2014). The paper does not say which pair it used. */
export const energyConstants = {
  integer: { mac: 3.2, ac: 0.1 },
  float: { mac: 4.6, ac: 0.9 },
} as const satisfies Record<string, EnergyConstants>;

export interface LayerEnergy {
  readonly layer: string;
  /** Synaptic operations of one dense pass: k²·Cin·Cout·H·W for a convolution, Cin·Cout for a dense layer. */
  readonly flops: number;
  /** r(l): spikes per neuron of the layer that feeds this one, summed over time; 1 in an ANN. */
  readonly rate: number;
  /** In picojoules, of one image. */
  readonly energy: number;
}

export interface Energy {
  readonly layers: readonly LayerEnergy[];
  /** In picojoules, of one image. */
  readonly total: number;
}

/** Synaptic operations of one dense pass through each weighted layer, in order. */
export function layerFlops(architecture: Architecture): { layer: string; flops: number }[] {
  const shapes = layerShapes(architecture);
  return weightedLayers(architecture).map((layer) => {
    const [height, width] = shapes[architecture.layers.indexOf(layer)]!;
    const [weight] = Object.values(parameterShapes(layer));
    const synapses = weight!.reduce((product, size) => product * size);
    return { layer: layer.name, flops: synapses * height * width };
  });
}

/** Energy of one image in the ANN by the paper's formula: Σ FLOPs(l)·E(MAC). */
export function annEnergy(architecture: Architecture, constants: EnergyConstants): Energy {
  return sum(
    layerFlops(architecture).map((layer) => ({
      ...layer,
      rate: 1,
      energy: layer.flops * constants.mac,
    })),
  );
}

export interface SnnEnergyRequest {
  readonly architecture: Architecture;
  /** From an inference: the encoder ("input") and every spiking layer. */
  readonly activity: readonly LayerActivity[];
  /** How many images the activity was counted over. */
  readonly images: number;
  readonly encoder: Encoder['kind'];
  /** T of the inference that the activity is from. */
  readonly timeSteps: number;
  readonly constants: EnergyConstants;
}

/**
 * Mean energy of one image in the SNN by the paper's formula: Σ FLOPs(l)·r(l)·E(AC), adds left out. A constant encoder
 * feeds real numbers, not spikes, so that its layer pays E(MAC) for each; so does what takes a linear layer's current,
 * at every time-step.
 */
export function snnEnergy(request: SnnEnergyRequest): Energy {
  const { architecture, constants } = request;
  const feeds = feedsOf(request);
  const sources = sourcesOf(architecture);
  const flops = new Map(layerFlops(architecture).map((entry) => [entry.layer, entry.flops]));
  return sum(
    weightedLayers(architecture).map((layer) => {
      const [source] = sources[architecture.layers.indexOf(layer)]!;
      const { spikes, numbers } = feeds(source!);
      const operations = flops.get(layer.name)!;
      const energy = operations * spikes * constants.ac + operations * numbers * constants.mac;
      return { layer: layer.name, flops: operations, rate: spikes + numbers, energy };
    }),
  );
}

/** What a layer's output brings for each of its numbers, summed over time: spikes, and numbers of any size. */
interface Feed {
  readonly spikes: number;
  readonly numbers: number;
}

/** By place of the layer; -1 for the image. */
function feedsOf({
  architecture,
  activity,
  images,
  encoder,
  timeSteps,
}: SnnEnergyRequest): (place: number) => Feed {
  const { layers } = architecture;
  const sources = sourcesOf(architecture);
  const shapes = layerShapes(architecture);
  const spiking = new Set<Layer>(spikingLayers(architecture));
  const channelsOf = (place: number) =>
    place === imagePlace ? architecture.inputShape[2] : shapes[place]![2];
  const feedOf = (place: number): Feed => {
    if (place === imagePlace) {
      const rate = spikesPerNeuron(activity, imageName, images);
      return encoder === 'constant' ? { spikes: 0, numbers: rate } : { spikes: rate, numbers: 0 };
    }
    const layer = layers[place]!;
    if (spiking.has(layer)) {
      return { spikes: spikesPerNeuron(activity, layer.name!, images), numbers: 0 };
    }
    if (layer.kind === 'conv' || layer.kind === 'dense' || layer.kind === 'add') {
      return { spikes: 0, numbers: timeSteps };
    }
    // Pooling leaves the mean as it is; channels side by side have theirs, and added ones nothing.
    const mean = (of: keyof Feed) =>
      sources[place]!.reduce(
        (total, source) => total + channelsOf(source) * feedOf(source)[of],
        0,
      ) / sources[place]!.reduce((total, source) => total + channelsOf(source), 0);
    if (layer.kind === 'concat') return { spikes: mean('spikes'), numbers: mean('numbers') };
    const [source] = sources[place]!;
    const { spikes, numbers } = feedOf(source!);
    if (layer.kind !== 'shortcut') return { spikes, numbers };
    const part = channelsOf(source!) / channelsOf(place);
    return { spikes: spikes * part, numbers: numbers * part };
  };
  return feedOf;
}

/** What a layer that sums computes for one image. */
export type OperationCounts = LayerOperations;

/**
 * The operations of one image in the ANN, counted: a multiplication with its addition for each synapse, those on zero
 * padding left out, an addition for each neuron that has a bias, and for each input of an add after the first.
 */
export function annOperations(architecture: Architecture): OperationCounts[] {
  const shapes = layerShapes(architecture);
  const sources = sourcesOf(architecture);
  return summingLayers(architecture).map((layer) => {
    const index = architecture.layers.indexOf(layer);
    const [source] = sources[index]!;
    const [height, width] = source === imagePlace ? architecture.inputShape : shapes[source!]!;
    const [outHeight, outWidth, outputs] = shapes[index]!;
    const neurons = outHeight * outWidth * outputs;
    if (layer.kind === 'add') {
      const additions = neurons * (sources[index]!.length - 1);
      return { layer: layer.name, multiplications: 0, additions };
    }
    const multiplications =
      layer.kind === 'dense'
        ? layer.inputs * layer.outputs
        : taps(height, outHeight, windowOf(layer), 0) *
          taps(width, outWidth, windowOf(layer), 1) *
          (layer.inChannels / (layer.groups ?? 1)) *
          layer.outChannels;
    return { layer: layer.name, multiplications, additions: layer.bias ? neurons : 0 };
  });
}

/**
 * How a constant input is billed: its products at every time-step, or once, where the hardware keeps each neuron's
 * current (its bias with it) and adds it at every time-step.
 */
export type ConstantInput = 'every-step' | 'kept';

export interface SnnOperationsRequest {
  readonly architecture: Architecture;
  /** Of the synapses of every weighted layer, from an inference; of one image. */
  readonly operations: readonly LayerOperations[];
  /** T of that inference. */
  readonly timeSteps: number;
  /** τ of its neurons, whose layers are computed for as many time-steps more; 0 when left out. */
  readonly probeSteps?: number;
  readonly constantInput: ConstantInput;
}

/**
 * The operations of one image in the SNN, counted: those of the synapses, and an addition for each neuron that has a
 * bias, at each time-step, those of a probe among them.
 */
export function snnOperations(request: SnnOperationsRequest): OperationCounts[] {
  const { architecture, operations, probeSteps = 0, constantInput } = request;
  const shapes = layerShapes(architecture);
  const layers = summingLayers(architecture);
  return layers.map((layer) => {
    // The read-out has no neurons that a probe could move.
    const timeSteps = request.timeSteps + (layer === layers.at(-1) ? 0 : probeSteps);
    const counted = operations.find((entry) => entry.layer === layer.name);
    if (!counted) throw new Error(`No operations of layer "${layer.name}".`);
    const [height, width, outputs] = shapes[architecture.layers.indexOf(layer)]!;
    const neurons = height * width * outputs;
    const hasBias = layer.kind !== 'add' && layer.bias;
    const { multiplications, additions } = counted;
    if (constantInput === 'kept' && multiplications > 0 && takesImage(architecture, layer)) {
      return {
        layer: layer.name,
        multiplications: multiplications / timeSteps,
        additions: additions + neurons * timeSteps + (hasBias ? neurons : 0),
      };
    }
    const biases = hasBias ? neurons * timeSteps : 0;
    return { layer: layer.name, multiplications, additions: additions + biases };
  });
}

/** Whether no numbers but the image's come to a layer. */
function takesImage(architecture: Architecture, layer: Layer): boolean {
  const { layers } = architecture;
  const sources = sourcesOf(architecture);
  const isOfImage = (place: number): boolean => {
    if (place === imagePlace) return true;
    const { kind } = layers[place]!;
    if (kind === 'conv' || kind === 'dense' || kind === 'add') return false;
    return sources[place]!.every(isOfImage);
  };
  return sources[layers.indexOf(layer)]!.every(isOfImage);
}

/** In picojoules: E(MAC) for each multiplication with its addition, E(AC) for each other addition. */
export function energyOf(
  { multiplications, additions }: OperationCounts,
  { mac, ac }: EnergyConstants,
): number {
  return multiplications * mac + additions * ac;
}

/** How many times less energy one image takes in the SNN than in the ANN, operations counted; null for none at all. */
export function energyRatio(request: SnnOperationsRequest, pair: EnergyConstants): number | null {
  const total = (counts: readonly OperationCounts[]) =>
    counts.reduce((sum, layer) => sum + energyOf(layer, pair), 0);
  const snn = total(snnOperations(request));
  return snn > 0 ? total(annOperations(request.architecture)) / snn : null;
}

/** Spikes of a layer for one neuron and one image, summed over time. */
export function spikesPerNeuron(
  activity: readonly LayerActivity[],
  layer: string,
  images: number,
): number {
  const counted = activity.find((entry) => entry.layer === layer);
  if (!counted) {
    throw new Error(
      `No activity of layer "${layer}"; there is ${activity.map((entry) => entry.layer).join(', ')}.`,
    );
  }
  return counted.spikes / (counted.neurons * images);
}

/** Taps of all positions along one axis, those in the padding left out. */
function taps(
  size: number,
  outSize: number,
  { kernel, stride, dilation, padding }: Window,
  axis: 0 | 1,
): number {
  let count = 0;
  for (let out = 0; out < outSize; out++) {
    for (let tap = 0; tap < kernel[axis]; tap++) {
      const at = out * stride[axis] - padding[2 * axis]! + tap * dilation[axis];
      if (at >= 0 && at < size) count++;
    }
  }
  return count;
}

function sum(layers: LayerEnergy[]): Energy {
  return { layers, total: layers.reduce((total, { energy }) => total + energy, 0) };
}
