import type { Parameter, Snn } from '@privatesnn/core';
import { foldBatchNorm } from '@privatesnn/spiking';

import { scaleOf, shiftOf, type Statistics } from './network.js';
import { normalisedLayers } from './normalised-layers.js';
import type { TdbnOptions } from './options.js';

/**
 * The network for inference: each layer's normalisation, with fixed statistics, becomes part of its weights and
 * bias, W' = W·α·θ·γ/√(σ² + ε), b' = (b − μ)·α·θ·γ/√(σ² + ε) + β.
 *
 * @param weights weights, biases, scales and shifts, by name
 */
export function folded(
  snn: Snn,
  weights: Readonly<Record<string, Float32Array>>,
  statistics: Readonly<Record<string, Statistics<Float32Array>>>,
  { alpha, epsilon }: Pick<TdbnOptions, 'alpha' | 'epsilon'>,
): Snn {
  const parameters: Record<string, Parameter> = Object.fromEntries(
    Object.entries(snn.parameters).map(([name, { shape }]) => [
      name,
      { shape, data: weights[name]!.slice() },
    ]),
  );
  const normalised = normalisedLayers(snn);
  for (const {
    layer: { name },
    threshold,
  } of normalised) {
    const { mean, variance } = statistics[name]!;
    const { weight, bias } = foldBatchNorm(
      parameters[`${name}.weight`]!,
      parameters[`${name}.bias`],
      {
        mean,
        variance,
        scale: weights[scaleOf(name)]!.map((gamma) => gamma * alpha * threshold),
        shift: weights[shiftOf(name)]!,
        epsilon,
      },
    );
    parameters[`${name}.weight`] = weight;
    parameters[`${name}.bias`] = bias;
  }
  const biased = new Set<unknown>(normalised.map(({ layer }) => layer));
  const layers = snn.architecture.layers.map((layer) =>
    biased.has(layer) ? { ...layer, bias: true } : layer,
  );
  return { ...snn, architecture: { ...snn.architecture, layers }, parameters };
}
