import { type Architecture } from '@privatesnn/core';

import type { JointPart } from './joint.js';
import { BeyondKernels, Planning } from './planning.js';

export interface Shape {
  readonly height: number;
  readonly width: number;
  readonly channels: number;
}

/** Windows over pixels. What lies beyond the border is 0. */
export interface PlannedWindow {
  readonly kernelHeight: number;
  readonly kernelWidth: number;
  readonly strideY: number;
  readonly strideX: number;
  /** Padding. */
  readonly top: number;
  readonly left: number;
}

/** A pooling of any windows, and how many there are. */
export interface PlannedPool extends PlannedWindow {
  readonly outHeight: number;
  readonly outWidth: number;
}

export interface PlannedAverage extends PlannedPool {
  /** What its sums are divided by. */
  readonly divisor: number;
  /**
   * Whether what a window has outside of the image is left out of its mean: then the divisor is a multiple of how many
   * pixels each has inside, and a spike of a window with n counts divisor / n times.
   */
  readonly isWeighted: boolean;
}

export interface PlannedMaxPool extends PlannedPool {
  /** Whether it passes the spikes alone of the unit that has spiked most so far. */
  readonly gated: boolean;
}

/** What lies between an input of a layer and the neurons (or the image) that it comes from. */
export interface Transition {
  readonly maxPools: readonly PlannedMaxPool[];
  /** Size of the average-pooling's square windows without overlap, which come after the max-pooling; 1 for none. */
  readonly averagePool: number;
  /** Further average-pooling. */
  readonly averages: readonly PlannedAverage[];
  /** Whether all pixels become one. */
  readonly flat: boolean;
  readonly dropouts: readonly PlannedDropout[];
}

export interface PlannedDropout {
  readonly rate: number;
  /** Its number in the whole network. */
  readonly layer: number;
  /** How many times smaller than the units before all pooling the dropout's input is. */
  readonly pool: number;
}

/** Spikes of one layer, or the currents of a linear one, on their way to another. */
export interface PlannedPart {
  /** The planned layer that gives them; -1 for the image. */
  readonly from: number;
  /** The units that the transition starts from: that layer's, or the image's. */
  readonly source: Shape;
  readonly before: Transition;
  /** What the transition leaves. */
  readonly shape: Shape;
  /** The concats that they have passed, and their place in each, by which it has a gain for them. */
  readonly concats: readonly { readonly name: string; readonly place: number }[];
}

/**
 * An input of a layer, as a convolution: dense ones of 1 × 1 and one pixel, spikes that an add takes as they are of 1 × 1.
 * The window is that of the dilated kernel.
 */
export interface PlannedInput extends PlannedWindow, PlannedPart {
  /** Further spikes, the channels of which follow. */
  readonly joined: readonly PlannedPart[];
  /** Whether, side by side, all their pixels become one. */
  readonly joinedFlat: boolean;
  readonly input: Shape;
  readonly dilation: readonly [number, number];
  readonly groups: number;
  /** The layer that has its weights; undefined for an identity. */
  readonly weighted: string | undefined;
  /** Of an identity: how many channels of zeros are in front. */
  readonly offset: number;
  /** The layer that its synapses are counted with. */
  readonly counted: string;
  /** Its place among the inputs of the add; 0 where there is none. */
  readonly place: number;
}

/** A layer of neurons, one whose current goes on (linear), or the last one, and what comes in. */
export interface PlannedLayer extends PlannedInput {
  readonly name: string;
  readonly output: Shape;
  /** Whether any input has a bias. */
  readonly bias: boolean;
  /** Integrates its current without spiking. */
  readonly last: boolean;
  /** Hands its current on, without neurons; not the last layer. */
  readonly linear: boolean;
  /** Further inputs, the currents of which are added. */
  readonly beside: readonly PlannedInput[];
  /** In training, in the place of further inputs: all of them, side by side (joint.ts). */
  readonly joint?: readonly JointPart[];
}

/** Whether a layer has neurons. */
export function isSpiking({ last, linear }: Pick<PlannedLayer, 'last' | 'linear'>): boolean {
  return !last && !linear;
}

/** A network as the kernels see it; plain data, for the worker threads. */
export interface Plan {
  readonly input: Shape;
  /** Size of the last layer's output. */
  readonly classes: number;
  readonly layers: readonly PlannedLayer[];
  /** Names of the layers that sum, in order. */
  readonly summing: readonly string[];
}

/** What the kernels cannot compute; undefined where they can compute all. */
export function beyondKernels(architecture: Architecture): string | undefined {
  try {
    planOf(architecture);
    return undefined;
  } catch (error) {
    if (error instanceof BeyondKernels) return error.what;
    throw error;
  }
}

/** A layer whose currents go on as numbers, with its name; undefined where there is none. */
export function numbersIn(architecture: Architecture): string | undefined {
  const found = planOf(architecture).layers.find(({ linear }) => linear);
  return found && `layer "${found.name}" without neurons, which is not a part of one add`;
}

/**
 * @param firstLayer the number of its first layer in the whole network, by which dropout draws its noise
 * @throws UserError for what the kernels cannot compute
 */
export function planOf(architecture: Architecture, firstLayer = 0): Plan {
  return new Planning(architecture, firstLayer).plan();
}

/** The inputs of a layer. */
export function inputsOf(layer: PlannedLayer): readonly PlannedInput[] {
  return [layer, ...layer.beside];
}

/** The spikes that make an input. */
export function partsOf(input: PlannedInput): readonly PlannedPart[] {
  return [input, ...input.joined];
}
