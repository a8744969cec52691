import {
  assertChain,
  biasOf,
  UserError,
  weightedLayers,
  weightOf,
  type Architecture,
  type Parameter,
  type Parameters,
  type PixelRange,
  type WeightedLayer,
} from '@privatesnn/core';

/** λ(l) > 0 by layer name: the activation of layer l that becomes 1. */
export type LayerScales = Readonly<Record<string, number>>;

/**
 * Weight normalisation (Rueckauer 2017): W' = W·λ(l−1)/λ(l), b' = b/λ(l), with λ(0) = 1. The normalised ReLU
 * network's output is the original's divided by λ(L).
 *
 * @throws UserError where a weighted layer has no scale above 0
 */
export function normaliseWeights(
  architecture: Architecture,
  parameters: Parameters,
  scales: LayerScales,
): Parameters {
  assertChain(architecture, 'Weight normalisation');
  const result: Record<string, Parameter> = { ...parameters };
  let before = 1;
  for (const layer of weightedLayers(architecture)) {
    const scale = positiveScale(layer, scales[layer.name]);
    const weight = weightOf(parameters, layer);
    const bias = biasOf(parameters, layer);
    result[`${layer.name}.weight`] = times(weight, before / scale);
    if (bias) result[`${layer.name}.bias`] = times(bias, 1 / scale);
    before = scale;
  }
  return result;
}

/**
 * Diehl 2015, model-based: the largest activation that any input could cause. For each layer the largest, over its
 * units, of λ(l−1) times the sum of the positive weights, plus a positive bias; without biases λ(l) is the product
 * of the layers' largest positive weight sums. The first layer's inputs may be negative: its weights w count
 * max(w·low, w·high), so |w| for [-1, 1].
 *
 * @param inputRange of the input; [0, 1], the original's, where left out. Zeros, as of padding, belong to it always.
 */
export function modelBasedScales(
  architecture: Architecture,
  parameters: Parameters,
  inputRange: PixelRange = [0, 1],
): LayerScales {
  assertChain(architecture, 'Weight normalisation');
  const scales: Record<string, number> = {};
  let [low, high] = [Math.min(0, inputRange[0]), Math.max(0, inputRange[1])];
  for (const layer of weightedLayers(architecture)) {
    const { data, shape } = weightOf(parameters, layer);
    const channels = shape.at(-1)!;
    const bias = biasOf(parameters, layer)?.data;
    const largest = Float64Array.from({ length: channels }, (_, c) => Math.max(0, bias?.[c] ?? 0));
    data.forEach((value, i) => (largest[i % channels]! += Math.max(value * low, value * high)));
    const scale = positiveScale(layer, Math.max(...largest));
    scales[layer.name] = scale;
    [low, high] = [0, scale];
  }
  return scales;
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
    weightedLayers(architecture).map((layer) => {
      const largestWeight = weightOf(parameters, layer).data.reduce((a, b) => Math.max(a, b));
      const scale = Math.max(largestWeight, activations[layer.name] ?? 0);
      return [layer.name, positiveScale(layer, scale)];
    }),
  );
}

/**
 * Λ(l−1) = θ(1)·…·θ(l−1) by layer name, Λ(0) = 1. Where a network keeps the ANN's weights, a layer's spike rates
 * are its ReLU activations divided by Λ(l), as each threshold divides once more. A layer without a threshold is
 * silent: what follows it gets Infinity.
 */
export function rateScales(
  architecture: Architecture,
  thresholds: Readonly<Record<string, number>>,
): Record<string, number> {
  assertChain(architecture, 'Conversion');
  const scales: Record<string, number> = {};
  let scale = 1;
  for (const { name } of weightedLayers(architecture)) {
    scales[name] = scale;
    scale *= thresholds[name] ?? Infinity;
  }
  return scales;
}

/** The ANN's biases in units of spike rates: b / Λ(l−1), so that they stay in proportion to W·rates. */
export function biasesToRates(
  architecture: Architecture,
  parameters: Parameters,
  thresholds: Readonly<Record<string, number>>,
): Parameters {
  const scales = rateScales(architecture, thresholds);
  return withBiases(architecture, parameters, (b, layer) => b / scales[layer]!);
}

/** The inverse of `biasesToRates`: b · Λ(l−1). */
export function biasesFromRates(
  architecture: Architecture,
  parameters: Parameters,
  thresholds: Readonly<Record<string, number>>,
): Parameters {
  const scales = rateScales(architecture, thresholds);
  return withBiases(architecture, parameters, (b, layer) => b * scales[layer]!);
}

function withBiases(
  architecture: Architecture,
  parameters: Parameters,
  change: (bias: number, layer: string) => number,
): Parameters {
  const result: Record<string, Parameter> = { ...parameters };
  for (const layer of weightedLayers(architecture)) {
    const bias = biasOf(parameters, layer);
    if (!bias) continue;
    result[`${layer.name}.bias`] = {
      shape: bias.shape,
      data: bias.data.map((b) => change(b, layer.name)),
    };
  }
  return result;
}

function positiveScale(layer: WeightedLayer, scale: number | undefined): number {
  if (scale === undefined || !(scale > 0) || !Number.isFinite(scale)) {
    throw new UserError(
      'data',
      'NORMALISATION_SCALE',
      `Expected a scale above 0 for layer "${layer.name}", received ${scale ?? 'none'}.`,
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
