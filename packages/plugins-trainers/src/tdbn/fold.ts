import { spikingLayers, type Architecture, type Parameter, type Snn } from '@privatesnn/core';
import { foldBatchNorm } from '@privatesnn/spiking';

import { scaleOf, shiftOf, type Statistics } from './network.js';
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
  for (const { name } of spikingLayers(snn.architecture)) {
    const theta = snn.thresholds[name]!;
    const { mean, variance } = statistics[name]!;
    const { weight, bias } = foldBatchNorm(
      parameters[`${name}.weight`]!,
      parameters[`${name}.bias`],
      {
        mean,
        variance,
        scale: weights[scaleOf(name)]!.map((gamma) => gamma * alpha * theta),
        shift: weights[shiftOf(name)]!,
        epsilon,
      },
    );
    parameters[`${name}.weight`] = weight;
    parameters[`${name}.bias`] = bias;
  }
  return { ...snn, architecture: withBiases(snn.architecture), parameters };
}

/** The architecture with a bias in every layer that spikes. */
function withBiases(architecture: Architecture): Architecture {
  const spiking = new Set<unknown>(spikingLayers(architecture));
  return {
    ...architecture,
    layers: architecture.layers.map((layer) =>
      spiking.has(layer) ? { ...layer, bias: true } : layer,
    ),
  };
}
