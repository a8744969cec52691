import {
  biasOf,
  imagePlace,
  sourcesOf,
  spikingLayers,
  summingLayers,
  UserError,
  weightOf,
  type Architecture,
  type Layer,
  type Parameter,
  type Parameters,
  type PixelRange,
  type SummingLayer,
} from '@privatesnn/core';

import type { InRates } from './units.js';

/** λ(l) > 0 by the name of each spiking layer and of the last that sums: the activation of layer l that becomes 1. */
export type LayerScales = Readonly<Record<string, number>>;

/**
 * Weight normalisation (Rueckauer 2017): W' = W·λ(l−1)/λ(l), b' = b/λ(l), with λ(0) = 1. The normalised ReLU
 * network's output is the original's divided by λ(L). What an add sums, and a concat puts side by side, shares one λ, the
 * largest; where it cannot, as of the image and of clipped ReLUs, the input gets a gain.
 *
 * @throws UserError where a layer has no scale above 0
 */
export function normaliseWeights(
  architecture: Architecture,
  parameters: Parameters,
  scales: LayerScales,
): InRates {
  const result: Record<string, Parameter> = { ...parameters };
  const gains: Record<string, readonly number[]> = {};
  const shared = sharedScales(architecture, scales);
  const sources = sourcesOf(architecture);
  architecture.layers.forEach((layer, index) => {
    const before = sources[index]!.map((place) => (place === imagePlace ? 1 : shared[place]!));
    const scale = shared[index]!;
    if (layer.kind === 'conv' || layer.kind === 'dense') {
      const bias = biasOf(parameters, layer);
      result[`${layer.name}.weight`] = times(weightOf(parameters, layer), before[0]! / scale);
      if (bias) result[`${layer.name}.bias`] = times(bias, 1 / scale);
    } else if (layer.kind === 'add' || layer.kind === 'concat') {
      const found = before.map((one) => one / scale);
      if (found.some((gain) => gain !== 1)) gains[layer.name] = found;
    }
  });
  return { parameters: result, ...(Object.keys(gains).length > 0 ? { gains } : {}) };
}

/** λ of what each layer gives, by its place: that of its own, shared with what it is joined to. */
function sharedScales(architecture: Architecture, scales: LayerScales): number[] {
  const { layers } = architecture;
  const sources = sourcesOf(architecture);
  const scaled = new Set<Layer>(scaledLayers(architecture));
  /** By place: one of those that share its λ; itself, or an earlier one. */
  const group = layers.map((_, index) => index);
  const groupOf = (place: number): number =>
    place === imagePlace || group[place] === place ? place : groupOf(group[place]!);
  const isFixed = (place: number) =>
    place === imagePlace || ('maximum' in layers[place]! && layers[place].maximum !== undefined);
  layers.forEach((layer, index) => {
    if (layer.kind === 'conv' || layer.kind === 'dense' || isFixed(index)) return;
    const isJoin = layer.kind === 'add' || layer.kind === 'concat';
    for (const source of sources[index]!.map(groupOf)) {
      // What only passes numbers on has the λ of its source, fixed or not.
      if (isJoin && isFixed(source)) continue;
      const own = groupOf(index);
      if (source === imagePlace) group[index] = imagePlace;
      else group[Math.max(own, source)] = Math.min(own, source);
    }
  });
  const found = new Map<number, number>([[imagePlace, 1]]);
  layers.forEach((layer, index) => {
    if (!scaled.has(layer)) return;
    const { name, maximum } = layer as SummingLayer;
    const scale = positiveScale(name, maximum ?? scales[name]);
    found.set(groupOf(index), Math.max(found.get(groupOf(index)) ?? 0, scale));
  });
  return layers.map((_, index) => {
    const own = groupOf(index);
    // Linear layers that nothing joins keep their weights.
    const scale = found.get(own) ?? found.get(groupOf(sources[own]![0]!))!;
    found.set(own, scale);
    return scale;
  });
}

/**
 * Diehl 2015, model-based: the largest activation that any input could cause. For each layer the largest, over its
 * units, of λ(l−1) times the sum of the positive weights, plus a positive bias; without biases λ(l) is the product
 * of the layers' largest positive weight sums. Inputs that may be negative, as the image's and currents, count
 * max(w·low, w·high), so |w| for [-1, 1]. What an add can reach is the sum of what its inputs can.
 *
 * @param inputRange of the input; [0, 1], the original's, where left out. Zeros, as of padding, belong to it always.
 */
export function modelBasedScales(
  architecture: Architecture,
  parameters: Parameters,
  inputRange: PixelRange = [0, 1],
): LayerScales {
  const scales: Record<string, number> = {};
  const sources = sourcesOf(architecture);
  const spiking = new Set<Layer>(spikingLayers(architecture));
  const last = summingLayers(architecture).at(-1);
  const image: Reach = [Math.min(0, inputRange[0]), Math.max(0, inputRange[1])];
  const reaches: Reach[] = [];
  architecture.layers.forEach((layer, index) => {
    const inputs = sources[index]!.map((place) => (place === imagePlace ? image : reaches[place]!));
    let [low, high] = reachOf(layer, parameters, inputs);
    if (spiking.has(layer) || layer === last) {
      const { name, maximum } = layer as SummingLayer;
      scales[name] = positiveScale(name, maximum ?? high);
      [low, high] = [0, scales[name]];
    }
    reaches.push([low, high]);
  });
  return scales;
}

/** Below and above which no number of a layer can come: at most 0, and at least 0. */
type Reach = readonly [low: number, high: number];

function reachOf(layer: Layer, parameters: Parameters, inputs: readonly Reach[]): Reach {
  const total = (of: (reach: Reach) => number) => inputs.reduce((sum, one) => sum + of(one), 0);
  switch (layer.kind) {
    case 'conv':
    case 'dense': {
      const [low, high] = inputs[0]!;
      const { data, shape } = weightOf(parameters, layer);
      const channels = shape.at(-1)!;
      const bias = biasOf(parameters, layer)?.data;
      const largest = Float64Array.from({ length: channels }, (_, c) =>
        Math.max(0, bias?.[c] ?? 0),
      );
      const smallest = Float64Array.from({ length: channels }, (_, c) =>
        Math.min(0, bias?.[c] ?? 0),
      );
      data.forEach((value, i) => {
        largest[i % channels]! += Math.max(value * low, value * high);
        smallest[i % channels]! += Math.min(value * low, value * high);
      });
      return [Math.min(...smallest), Math.max(...largest)];
    }
    case 'add':
      return [total(([low]) => low), total(([, high]) => high)];
    case 'concat':
      return [Math.min(...inputs.map(([low]) => low)), Math.max(...inputs.map(([, high]) => high))];
    default:
      return inputs[0]!;
  }
}

/**
 * Diehl 2015, data-based: λ(l) is the larger of the layer's largest weight and its largest activation.
 *
 * @param activations the largest activation of each layer over the calibration images, by layer name
 */
export function dataBasedScales(
  architecture: Architecture,
  parameters: Parameters,
  activations: LayerScales,
): LayerScales {
  return Object.fromEntries(
    scaledLayers(architecture).map((layer) => {
      const largestWeight =
        layer.kind === 'add'
          ? 0
          : weightOf(parameters, layer).data.reduce((a, b) => Math.max(a, b));
      const scale = Math.max(largestWeight, activations[layer.name] ?? 0);
      return [layer.name, positiveScale(layer.name, scale)];
    }),
  );
}

/** The layers that have a λ: those that spike, and the last that sums. */
export function scaledLayers(architecture: Architecture): SummingLayer[] {
  const last = summingLayers(architecture).at(-1);
  return [...spikingLayers(architecture), ...(last ? [last] : [])];
}

function positiveScale(layer: string, scale: number | undefined): number {
  if (scale === undefined || !(scale > 0) || !Number.isFinite(scale)) {
    throw new UserError(
      'data',
      'NORMALISATION_SCALE',
      `Expected a scale above 0 for layer "${layer}", received ${scale ?? 'none'}.`,
      {
        hint: 'The layer is silent on the calibration images; use more images, or check the network.',
      },
    );
  }
  return scale;
}

function times({ shape, data }: Parameter, factor: number): Parameter {
  return { shape, data: data.map((value) => value * factor) };
}
