import {
  biasOf,
  squareWindow,
  UserError,
  weightedLayers,
  weightOf,
  type Snn,
  type WeightedLayer,
} from '@privatesnn/core';

import { averagePoolBefore } from './fast/plan.js';

/**
 * Integer mode: weights of 11 bits, integer currents and membranes, so that no result depends on the order of
 * summation and all engines give the same bits.
 *
 * Layer by layer, one unit of the integers is worth `unit` = f · max|W| / limit, with f the factor of average
 * pooling before the layer and limit = 1023 (less for the last layer where its sum over time would not fit 31
 * bits). Weights are round(W · (limit / max|W|)) in double precision, biases and thresholds round(value / unit), thresholds at least 1;
 * constant inputs round(x · 2⁸), and the current that they cause is rounded once more, to units. Membranes are clamped
 * to ± 2³⁰ before they fire; the leak is round(u · round(λ · 2¹⁵) / 2¹⁵), after a soft and before a delayed reset.
 * The initial membrane is round(v · θ), leaked once like any other. All halves are rounded up: cutting off would take half a unit a time-step from every neuron.
 */
export interface IntegerLayer {
  /** In the order of the parameter; shared, for worker threads. */
  readonly weight: Int16Array;
  readonly bias: Int32Array | undefined;
  /** θ; 0 for the last layer. */
  readonly threshold: number;
  readonly unit: number;
}

/** The largest weight: 32 of them fit into 16 bits. */
const largestWeight = 1023;
export const integerLimit = 2 ** 30;
/** A constant input of 1. */
export const pixelUnits = 256;

/** @throws UserError when a layer's integers would not fit */
export function integerLayers(snn: Snn, timeSteps: number): IntegerLayer[] {
  const { architecture, parameters } = snn;
  const layers = weightedLayers(architecture);
  return layers.map((layer) => {
    const isLast = layer === layers.at(-1);
    const pool = averagePoolBefore(architecture, layer);
    const weight = weightOf(parameters, layer).data;
    const bias = biasOf(parameters, layer)?.data;
    const events = inputsOf(layer) * pool ** 2;
    const limit = isLast
      ? Math.min(largestWeight, Math.floor((2 ** 31 - 1) / (2 * timeSteps * events)))
      : largestWeight;
    const largest = largestMagnitude(weight) || 1;
    const unit = largest / limit / pool ** 2;
    const threshold = isLast ? 0 : Math.max(1, Math.round(snn.thresholds[layer.name]! / unit));
    const integerBias = bias && Array.from(bias, (b) => Math.round(b / unit));
    // Spikes are at most 1; a constant input is as large as its range.
    const isFirstConstant = layer === layers[0] && snn.encoder.kind === 'constant';
    const received = events * limit * (isFirstConstant ? largestMagnitude(snn.encoder.range) : 1);
    const current = received + largestMagnitude(integerBias ?? []);
    const reach = isLast ? current * timeSteps : Math.max(current, threshold) * 2;
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
      weight: rounded(weight, limit / largest),
      bias: integerBias && Int32Array.from(integerBias),
      threshold,
      unit,
    };
  });
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

function inputsOf(layer: WeightedLayer): number {
  return layer.kind === 'dense'
    ? layer.inputs
    : squareWindow(layer)!.kernel ** 2 * layer.inChannels;
}
