import {
  assertChain,
  layerShapes,
  squareWindow,
  weightedLayers,
  type Architecture,
  type Encoder,
  type WeightedLayer,
} from '@privatesnn/core';

import type { LayerActivity, LayerOperations } from './engine.js';
import { tapsByPosition } from './taps.js';

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
  assertChain(architecture, 'Counting operations');
  const shapes = layerShapes(architecture);
  return weightedLayers(architecture).map((layer) => {
    const [height, width] = shapes[architecture.layers.indexOf(layer)]!;
    return { layer: layer.name, flops: synapses(layer) * height * width };
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
  readonly constants: EnergyConstants;
}

/**
 * Mean energy of one image in the SNN by the paper's formula: Σ FLOPs(l)·r(l)·E(AC). A constant encoder feeds real numbers, not
 * spikes, so that its layer pays E(MAC) for each.
 */
export function snnEnergy(request: SnnEnergyRequest): Energy {
  const { architecture, activity, images, encoder, constants } = request;
  const flops = layerFlops(architecture);
  return sum(
    flops.map(({ layer, flops: operations }, i) => {
      const source = i === 0 ? 'input' : flops[i - 1]!.layer;
      const rate = spikesPerNeuron(activity, source, images);
      const cost = i === 0 && encoder === 'constant' ? constants.mac : constants.ac;
      return { layer, flops: operations, rate, energy: operations * rate * cost };
    }),
  );
}

/** What a weighted layer computes for one image. */
export type OperationCounts = LayerOperations;

/**
 * The operations of one image in the ANN, counted: a multiplication with its addition for each synapse, those on zero
 * padding left out, and an addition for each neuron that has a bias.
 */
export function annOperations(architecture: Architecture): OperationCounts[] {
  assertChain(architecture, 'Counting operations');
  const shapes = layerShapes(architecture);
  return weightedLayers(architecture).map((layer) => {
    const index = architecture.layers.indexOf(layer);
    const [height, width] = index === 0 ? architecture.inputShape : shapes[index - 1]!;
    const [outHeight, outWidth, outputs] = shapes[index]!;
    const multiplications =
      layer.kind === 'dense'
        ? layer.inputs * layer.outputs
        : taps(height, outHeight, layer) *
          taps(width, outWidth, layer) *
          layer.inChannels *
          layer.outChannels;
    const additions = layer.bias ? outHeight * outWidth * outputs : 0;
    return { layer: layer.name, multiplications, additions };
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
  readonly constantInput: ConstantInput;
}

/**
 * The operations of one image in the SNN, counted: those of the synapses, and an addition for each neuron that has a
 * bias, at each time-step.
 */
export function snnOperations(request: SnnOperationsRequest): OperationCounts[] {
  const { architecture, operations, timeSteps, constantInput } = request;
  const shapes = layerShapes(architecture);
  return weightedLayers(architecture).map((layer) => {
    const counted = operations.find((entry) => entry.layer === layer.name);
    if (!counted) throw new Error(`No operations of layer "${layer.name}".`);
    const [height, width, outputs] = shapes[architecture.layers.indexOf(layer)]!;
    const neurons = height * width * outputs;
    const { multiplications, additions } = counted;
    if (constantInput === 'kept' && multiplications > 0) {
      return {
        layer: layer.name,
        multiplications: multiplications / timeSteps,
        additions: additions + neurons * timeSteps + (layer.bias ? neurons : 0),
      };
    }
    const biases = layer.bias ? neurons * timeSteps : 0;
    return { layer: layer.name, multiplications, additions: additions + biases };
  });
}

/** In picojoules: E(MAC) for each multiplication with its addition, E(AC) for each other addition. */
export function energyOf(
  { multiplications, additions }: OperationCounts,
  { mac, ac }: EnergyConstants,
): number {
  return multiplications * mac + additions * ac;
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

function synapses(layer: WeightedLayer): number {
  return layer.kind === 'dense'
    ? layer.inputs * layer.outputs
    : squareWindow(layer)!.kernel ** 2 * layer.inChannels * layer.outChannels;
}

/** Taps of all positions along one axis. */
function taps(
  size: number,
  outSize: number,
  layer: Extract<WeightedLayer, { kind: 'conv' }>,
): number {
  return tapsByPosition(size, outSize, squareWindow(layer)!).reduce(
    (total, count) => total + count,
    0,
  );
}

function sum(layers: LayerEnergy[]): Energy {
  return { layers, total: layers.reduce((total, { energy }) => total + energy, 0) };
}
