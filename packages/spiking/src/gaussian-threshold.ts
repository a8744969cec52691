import type { Quantisation } from './least-error.js';
import { normalDensity, normalTail } from './normal.js';

/** Of a layer's currents in the ANN: what its non-linearity takes. */
export interface CurrentStatistics {
  readonly mean: number;
  /** ≥ 0. */
  readonly variance: number;
}

/** Thresholds that are tried: from μ⁺ + 8σ down, each smaller by this factor than the one before. */
const finer = 0.98;
const tried = 400;
/** Halvings of what is left about the best of them. */
const refinements = 40;

/**
 * The threshold whose quantisation is expected to differ least from the activations of a Gaussian current x:
 * the θ that minimises E[(quantised(x, θ) − max(0, x))²]. At v = 1/2 it is the fixed point of the threshold iteration of
 * Huang 2025, θ ← T · E[k·x] / E[k²], k the number of spikes.
 *
 * @returns θ > 0, or undefined where none is expected to spike
 */
export function gaussianThreshold(
  statistics: CurrentStatistics,
  quantisation: Quantisation,
): number | undefined {
  const { mean, variance } = statistics;
  const deviation = Math.sqrt(variance);
  if (deviation === 0) return mean > 0 ? mean : undefined;
  const gain = (threshold: number): number => errorSaved(threshold, mean, deviation, quantisation);
  let [best, most] = [0, 0];
  let threshold = Math.max(0, mean) + 8 * deviation;
  for (let k = 0; k < tried; k++, threshold *= finer) {
    const saved = gain(threshold);
    if (saved > most) [best, most] = [threshold, saved];
  }
  if (best === 0) return undefined;
  let step = (1 - finer) * best;
  for (let k = 0; k < refinements; k++, step /= 2) {
    for (const near of [best - step, best + step]) {
      const saved = gain(near);
      if (saved > most) [best, most] = [near, saved];
    }
  }
  return best;
}

/**
 * E[max(0, x)²] − E[(quantised(x, θ) − max(0, x))²] = 2·θ/T · E[k·x] − (θ/T)² · E[k²], by the currents c from which on
 * there are i spikes: E[k·x] = Σ E[x; x ≥ c], E[k²] = Σ (2i − 1) · P(x ≥ c).
 */
function errorSaved(
  threshold: number,
  mean: number,
  deviation: number,
  { timeSteps, initial }: Quantisation,
): number {
  const level = threshold / timeSteps;
  let [products, squares] = [0, 0];
  for (let i = 1; i <= timeSteps; i++) {
    const z = ((i - initial) * level - mean) / deviation;
    const tail = normalTail(z);
    products += mean * tail + deviation * normalDensity(z);
    squares += (2 * i - 1) * tail;
  }
  return level * (2 * products - level * squares);
}
