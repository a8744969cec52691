import { weightedLayers, weightOf, type Ann, type Parameter, type Snn } from '@privatesnn/core';
import { percentileOf, percentileOfSorted } from '@privatesnn/spiking';

/** What the choice of a percentile is made from, for one layer. */
export interface ActivationSample {
  /** The ANN's activations on some images, in any order. */
  readonly activations: Float32Array;
  /** The activation that a rate of one spike a time-step stands for now, > 0. */
  readonly scale: number;
}

export interface PercentileChoice {
  /** In (0, 100]. */
  readonly percentile: number;
  /** The error that the rates would have with it, and the one they have with the scales of now; see {@link rateError}. */
  readonly error: number;
  readonly errorNow: number;
}

/** Percentiles that are compared; Rueckauer 2017 takes 99.9 and names [99, 99.999] as the useful range. */
const candidates = [99, 99.5, 99.9, 99.95, 99.99, 99.999, 100] as const;

/**
 * The percentile of the positive activations whose scales give the smallest mean error of the rates over all layers:
 * a low one cuts off large activations, a high one leaves few spikes to the small ones. Of equals the highest.
 *
 * @returns undefined where no layer has a positive activation
 */
export function choosePercentile(
  samples: readonly ActivationSample[],
  timeSteps: number,
): PercentileChoice | undefined {
  const layers = samples
    .map(({ activations, scale }) => ({ values: activations.filter((a) => a > 0).sort(), scale }))
    .filter(({ values }) => values.length > 0);
  if (layers.length === 0) return undefined;
  const mean = (errors: readonly number[]) => errors.reduce((a, b) => a + b, 0) / errors.length;
  const errorNow = mean(layers.map(({ values, scale }) => rateError(values, scale, timeSteps)));
  const errors = candidates.map((percentile) => ({
    percentile,
    error: mean(
      layers.map(({ values }) =>
        rateError(values, percentileOfSorted(values, percentile)!, timeSteps),
      ),
    ),
  }));
  const best = errors.reduce((a, b) => (b.error <= a.error ? b : a));
  return { ...best, errorNow };
}

/** The rate that would stand for the 99.9th percentile of a layer's positive activations; above 1 it is cut off. */
export function neededRate({ activations, scale }: ActivationSample): number {
  return (percentileOf([activations.filter((a) => a > 0)], 99.9) ?? 0) / scale;
}

/**
 * Σ (a − â)² / Σ a² for the rates with which constant currents would be coded, cut off at λ and in steps of λ/T:
 * â = λ·min(T, ⌊a·T/λ⌋)/T. The noise of Poisson spikes is not in it. In [0, 1]; 1 for a silent layer.
 *
 * @param activations > 0
 * @param scale λ > 0
 */
export function rateError(activations: Float32Array, scale: number, timeSteps: number): number {
  if (!Number.isFinite(scale)) return 1;
  let [error, size] = [0, 0];
  for (const a of activations) {
    const spikes = Math.min(timeSteps, Math.floor((a * timeSteps) / scale));
    error += (a - (scale * spikes) / timeSteps) ** 2;
    size += a * a;
  }
  return error / size;
}

/**
 * The activation of the ANN that a rate of one spike a time-step stands for, by spiking layer:
 * λ(l) = λ(l−1)·θ(l)·Σ|W(l)| / Σ|W'(l)|, with W the ANN's and W' the spiking network's weights, λ(0) = 1.
 */
export function activationScales(snn: Snn, ann: Ann): Record<string, number> {
  const size = ({ data }: Parameter) => data.reduce((sum, value) => sum + Math.abs(value), 0);
  const scales: Record<string, number> = {};
  let scale = 1;
  for (const layer of weightedLayers(snn.architecture).slice(0, -1)) {
    const factor = size(weightOf(ann.parameters, layer)) / size(weightOf(snn.parameters, layer));
    scale *= (snn.thresholds[layer.name] ?? Infinity) * factor;
    scales[layer.name] = scale;
  }
  return scales;
}
