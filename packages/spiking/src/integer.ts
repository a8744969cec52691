import { UserError, type Snn } from '@privatesnn/core';

import { layerParameters } from './fast/parameters.js';
import { averagedOver } from './fast/network/transition.js';
import { placementOf } from './fast/placed-weights.js';
import {
  inputsOf,
  partsOf,
  planOf,
  type PlannedInput,
  type PlannedLayer,
  type Shape,
} from './fast/plan.js';

/**
 * Integer mode: weights of 11 bits, integer currents and membranes, so that no result depends on the order of
 * summation and all engines give the same bits.
 *
 * Layer by layer, one unit of the integers is worth `unit` = f · max|W| / limit, with f the factor of average
 * pooling before the layer and limit = 1023 (less for the last layer where its sum over time would not fit 31
 * bits). Weights are round(W · (limit / max|W|)) in double precision, biases and thresholds round(value / unit), thresholds at least 1;
 * constant inputs round(x · 2⁸), and the current that they cause is rounded once more, to units. Membranes are clamped
 * to ± 2³⁰ before they fire; the leak is round(u · round(λ · 2¹⁵) / 2¹⁵), after a soft and before a delayed reset.
 * The initial membrane is round(v · θ), clamped and leaked once like any other. All halves are rounded up: cutting off
 * would take half a unit a time-step from every neuron.
 *
 * The neurons of an add take the currents of all inputs in one unit: its gains are in the weights, a spike that comes
 * as it is has a weight of its gain, and max|W| is the largest of all of them, each times its own f. A concat's gains
 * are in the weights behind it, too, with what the f of an input differs from that of the first.
 */
export interface IntegerLayer {
  /** By input, in the order of the parameter; shared, for worker threads. */
  readonly weights: readonly Int16Array[];
  readonly bias: Int32Array | undefined;
  /** θ; 0 for the last layer. */
  readonly threshold: number;
  readonly unit: number;
}

/** The largest weight: 32 of them fit into 16 bits. */
const largestWeight = 1023;
/** A constant input of 1. */
export const pixelUnits = 256;

/**
 * By planned layer (fast/plan.ts).
 *
 * @throws UserError when a layer's integers would not fit, or the network has what the plan cannot hold
 */
export function integerLayers(snn: Snn, timeSteps: number): IntegerLayer[] {
  const { architecture } = snn;
  return planOf(architecture).layers.map((layer, index) =>
    integerLayer(layer, index === 0, snn, timeSteps),
  );
}

function integerLayer(
  layer: PlannedLayer,
  isFirst: boolean,
  snn: Snn,
  timeSteps: number,
): IntegerLayer {
  const { weights, bias } = layerParameters(layer, snn.architecture, snn);
  const inputs = inputsOf(layer);
  const area = averagedOver(layer.before);
  // In units of the first input: how much more an event of each counts.
  const shares = inputs.map((input) => area / averagedOver(input.before));
  const events = inputs.reduce((sum, input) => sum + eventsOf(input, layer.output), 0);
  const limit = layer.last
    ? Math.min(largestWeight, Math.floor((2 ** 31 - 1) / (2 * timeSteps * events)))
    : largestWeight;
  const largest = Math.max(...weights.map((w, i) => largestMagnitude(w) * shares[i]!)) || 1;
  const unit = largest / limit / area;
  const threshold = layer.last ? 0 : Math.max(1, Math.round(snn.thresholds[layer.name]! / unit));
  const integerBias = bias && Array.from(bias, (b) => Math.round(b / unit));
  // Spikes are at most 1; a constant input is as large as its range.
  const isFirstConstant = isFirst && snn.encoder.kind === 'constant';
  const received = events * limit * (isFirstConstant ? largestMagnitude(snn.encoder.range) : 1);
  const current = received + largestMagnitude(integerBias ?? []);
  const reach = layer.last ? current * timeSteps : Math.max(current, threshold) * 2;
  if (
    limit < 15 ||
    reach >= 2 ** 31 ||
    (isFirstConstant && (received + 0.5) * pixelUnits >= 2 ** 31)
  ) {
    throw new UserError(
      'configuration',
      'ENGINE_INTEGERS',
      `Layer "${layer.name}" does not fit into 32-bit integers (${events} inputs a neuron, ` +
        `threshold ${threshold}, ${timeSteps} time-steps).`,
      { hint: 'Compute it in floats (precision: float), or take fewer time-steps.' },
    );
  }
  return {
    weights: weights.map((w, i) => rounded(w, (limit / largest) * shares[i]!)),
    bias: integerBias && Int32Array.from(integerBias),
    threshold,
    unit,
  };
}

/** λ in units of 2⁻¹⁵. */
export function integerLeak(leak: number): number {
  return Math.round(leak * 2 ** 15);
}

/** A pixel of a constant input in units of 2⁻⁸. */
export function integerPixel(x: number): number {
  return Math.round(x * pixelUnits);
}

// Networks have millions of weights: plain loops, as callbacks take seconds.
function largestMagnitude(values: ArrayLike<number>): number {
  let largest = 0;
  for (let i = 0; i < values.length; i++) {
    const magnitude = Math.abs(values[i]!);
    if (magnitude > largest) largest = magnitude;
  }
  return largest;
}

/** Math.round of values times a factor. It has a branch that cannot be foreseen; ⌊(⌊2x⌋ + 1) / 2⌋ is the same number. */
function rounded(values: Float32Array, factor: number): Int16Array {
  const result = new Int16Array(new SharedArrayBuffer(values.length * 2));
  const twice = 2 * factor;
  for (let i = 0; i < values.length; i++) result[i] = (Math.floor(values[i]! * twice) + 1) >> 1;
  return result;
}

/** How many events can reach a neuron at a time-step: of averages all the spikes that they are of. */
function eventsOf(input: PlannedInput, output: Shape): number {
  const parts = partsOf(input);
  if (input.weighted === undefined) {
    return Math.max(...parts.map(({ before }) => averagedOver(before)));
  }
  const { rows, columns, groups } = placementOf(input, output);
  const numbers = parts.reduce((sum, { before, shape: { height, width, channels } }) => {
    const pixels = input.joinedFlat ? height * width : 1;
    return sum + pixels * channels * averagedOver(before);
  }, 0);
  return (rows * columns * numbers) / groups;
}
