import { weightedLayers, weightOf, type Ann, type Parameter, type Snn } from '@privatesnn/core';
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
 * The activation of the ANN that a rate of one spike a time-step stands for, by spiking layer:
 * λ(l) = λ(l−1)·θ(l)·Σ|W(l)| / Σ|W'(l)|, with W the ANN's and W' the spiking network's weights, λ(0) = 1.
 */
export function activationScales(snn: Snn, ann: Ann): Record<string, number> {
  const scales: Record<string, number> = {};
  let scale = 1;
  for (const layer of weightedLayers(snn.architecture).slice(0, -1)) {
    const [w, spiking] = [ann, snn].map(({ parameters }) => size(weightOf(parameters, layer)));
    scale *= (snn.thresholds[layer.name] ?? Infinity) * (w! / spiking!);
    scales[layer.name] = scale;
  }
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
