import { spikingLayers, type Architecture } from '@privatesnn/core';
import { layerUnits } from '@privatesnn/spiking';

import type { ConverterKind } from './converter-of.js';
import { isSaturated } from './findings.js';
import type { LayerStatistics } from './layer-statistics.js';

/** Factors that are tried whatever the rates are. */
const usual = [0.7, 1.4, 0.5, 2, 0.25, 4];

/** Below so many time-steps the step 1/T of a rate says too little about it. */
const fewSteps = 10;

/**
 * Factors on a network's thresholds that are worth trying, the most promising first, none of them near 1. The first is the
 * smallest with which no layer's rates are cut off. In threshold balancing each layer's rates feed the next, so that a
 * factor f raises the rates of a layer by about f^−d, with d the number of thresholds that its spikes' size is made of,
 * and f = max r^(1/d) over the layers, with r the highest rate.
 * Spikes of adaptive neurons stand for less where thresholds are lower, so that f = max r. Where rates say too little,
 * in a silent or saturated layer or with few time-steps, r is the rate that the layer's activations need.
 */
export function factorsToTry(
  converter: Exclude<ConverterKind, 'weight-normalisation'>,
  layers: readonly LayerStatistics[],
  neededRates: readonly number[],
  depths: readonly number[],
  timeSteps: number,
): number[] {
  const room = layers.map((layer, i) => {
    const told = timeSteps >= fewSteps && layer.highestRate > 0 && !isSaturated(layer);
    const rate = told ? layer.highestRate : neededRates[i]!;
    return converter === 'adaptive-spiking' ? rate : rate ** (1 / depths[i]!);
  });
  // What is tried is what is told: with two digits.
  const first = Number(Math.max(0, ...room).toPrecision(2));
  const sound = Number.isFinite(first) && first > 0 ? [first] : [];
  return [...new Set([...sound, ...usual])].filter((factor) => Math.abs(factor - 1) > 0.05);
}

/** By spiking layer, the number of thresholds that the size of its spikes is made of: along a chain 1, 2, 3, … */
export function thresholdDepths(architecture: Architecture): number[] {
  const layers = spikingLayers(architecture);
  const { outputs } = layerUnits(
    architecture,
    Object.fromEntries(layers.map(({ name }) => [name, 2])),
  );
  return layers.map((layer) => Math.log2(outputs[architecture.layers.indexOf(layer)]!));
}
