import {
  layerShapes,
  weightedLayers,
  type Architecture,
  type Encoder,
  type WeightedLayer,
} from '@privatesnn/core';

import type { LayerActivity } from './engine.js';

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
    return { layer: layer.name, flops: synapses(layer) * height * width };
  });
}

/** Energy of one image in the ANN: Σ FLOPs(l)·E(MAC). */
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
 * Mean energy of one image in the SNN: Σ FLOPs(l)·r(l)·E(AC). A constant encoder feeds real numbers, not
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
    : layer.kernel ** 2 * layer.inChannels * layer.outChannels;
}

function sum(layers: LayerEnergy[]): Energy {
  return { layers, total: layers.reduce((total, { energy }) => total + energy, 0) };
}
