import {
  imagePlace,
  sourcesOf,
  spikingLayers,
  weightedLayers,
  weightOf,
  type Ann,
  type Layer,
  type Parameter,
  type Snn,
} from '@privatesnn/core';
import { percentileOf } from '@privatesnn/spiking';

/** One layer's activations, and what a spike rate stands for. */
export interface ActivationSample {
  /** The ANN's activations on some images, in any order. */
  readonly activations: Float32Array;
  /** The activation that a rate of one spike a time-step stands for, > 0. */
  readonly scale: number;
}

/** The rate that would stand for the 99.9th percentile of a layer's positive activations; above 1 it is cut off. */
export function neededRate({ activations, scale }: ActivationSample): number {
  return (percentileOf([activations.filter((a) => a > 0)], 99.9) ?? 0) / scale;
}

/**
 * The activation of the ANN that a rate of one spike a time-step stands for, by spiking layer: its threshold θ(l) times
 * what one unit of its current stands for. That is λ of what the layer takes, times Σ|W(l)| / Σ|W'(l)| with W the ANN's
 * and W' the spiking network's weights, or divided by the gain of an add; λ = 1 for the image.
 */
export function activationScales(snn: Snn, ann: Ann): Record<string, number> {
  const { architecture, thresholds, gains = {} } = snn;
  const sources = sourcesOf(architecture);
  const spiking = new Set<Layer>(spikingLayers(architecture));
  const scales: Record<string, number> = {};
  const units: number[] = [];
  architecture.layers.forEach((layer, index) => {
    const before = sources[index]!.map((place) => (place === imagePlace ? 1 : units[place]!));
    let unit = before[0]!;
    if (layer.kind === 'conv' || layer.kind === 'dense') {
      const [w, own] = [ann, snn].map(({ parameters }) => size(weightOf(parameters, layer)));
      unit *= w! / own!;
    } else if (layer.kind === 'add' || layer.kind === 'concat') {
      const found = before.map((one, k) => one / (gains[layer.name]?.[k] ?? 1));
      unit = found.find(Number.isFinite) ?? Infinity;
    }
    if (spiking.has(layer)) {
      unit *= thresholds[layer.name!] ?? Infinity;
      scales[layer.name!] = unit;
    }
    units.push(unit);
  });
  return scales;
}

/**
 * Whether a network has the ANN's weights but for one positive factor a layer, as converters leave them; training
 * with spikes changes them otherwise.
 */
export function hasWeightsOf(ann: Ann, snn: Snn): boolean {
  return weightedLayers(snn.architecture).every((layer) => {
    const [w, spiking] = [ann, snn].map(({ parameters }) => weightOf(parameters, layer));
    const factor = size(spiking!) / size(w!);
    const difference = w!.data.reduce((d, x, i) => d + Math.abs(factor * x - spiking!.data[i]!), 0);
    return difference <= 1e-5 * size(spiking!);
  });
}

/** Σ|w|. */
function size({ data }: Parameter): number {
  return data.reduce((sum, value) => sum + Math.abs(value), 0);
}
