import {
  outputChannels,
  sourcesOf,
  spikingLayers,
  weightedLayers,
  type Snn,
  type WeightedLayer,
} from '@privatesnn/core';

/** A layer whose currents are normalised. */
export interface NormalisedLayer {
  readonly layer: WeightedLayer;
  readonly channels: number;
  /** What the currents' standard deviation is a multiple of, α: the threshold that they meet, or their part of it. */
  readonly threshold: number;
}

/**
 * The layers whose currents threshold-dependent batch normalisation takes hold of: those that spike, and linear ones that
 * lead to neurons that add k inputs, each of which gets 1/√k of the deviation (Zheng 2020, for residual blocks). Others,
 * the last one among them, are left as they are.
 */
export function normalisedLayers({ architecture, thresholds, gains = {} }: Snn): NormalisedLayer[] {
  const { layers } = architecture;
  const sources = sourcesOf(architecture);
  const spiking = new Set<unknown>(spikingLayers(architecture));
  return weightedLayers(architecture).flatMap((layer): NormalisedLayer[] => {
    const channels = outputChannels(layer);
    if (spiking.has(layer)) return [{ layer, channels, threshold: thresholds[layer.name]! }];
    const place = layers.indexOf(layer);
    const add = layers.findIndex(
      (one, index) => one.kind === 'add' && spiking.has(one) && sources[index]!.includes(place),
    );
    if (add < 0) return [];
    const { name } = layers[add]!;
    const inputs = sources[add]!;
    const gain = gains[name!]?.[inputs.indexOf(place)] ?? 1;
    if (gain === 0) return [];
    const threshold = thresholds[name!]! / (gain * Math.sqrt(inputs.length));
    return [{ layer, channels, threshold }];
  });
}
