/**
 * Positive numbers by size. A bin holds the 32-bit floats that share their exponent and the first 8 bits of their
 * mantissa, so that its width is at most 0.4 % of what it holds.
 */
export interface SizeHistogram {
  /** Numbers in each bin, and their sum: [65536]. */
  readonly counts: Float64Array;
  readonly sums: Float64Array;
  /** The largest number; 0 where there is none. */
  largest: number;
}

const droppedBits = 15;

export function emptyHistogram(): SizeHistogram {
  const bins = 2 ** (31 - droppedBits);
  return { counts: new Float64Array(bins), sums: new Float64Array(bins), largest: 0 };
}

/** Counts the numbers above 0. */
export function countSizes(histogram: SizeHistogram, values: Float32Array): void {
  const { counts, sums } = histogram;
  const bits = new Uint32Array(values.buffer, values.byteOffset, values.length);
  for (let i = 0; i < values.length; i++) {
    const value = values[i]!;
    if (!(value > 0)) continue;
    const bin = bits[i]! >>> droppedBits;
    counts[bin]!++;
    sums[bin]! += value;
    if (value > histogram.largest) histogram.largest = value;
  }
}

/** How a threshold is judged: integrate-and-fire without leak over `timeSteps` from the potential `initial` · θ. */
export interface Quantisation {
  /** T ≥ 1. */
  readonly timeSteps: number;
  /** v in [0, 1). */
  readonly initial: number;
}

/**
 * What a neuron of threshold θ passes on of an activation that comes as a constant current: θ times its spikes per
 * time-step, θ/T · clip(⌊a·T/θ + v⌋, 0, T). At v = 1/2 that is the nearest of the T + 1 levels (Bu 2022).
 */
export function quantised(
  activation: number,
  threshold: number,
  { timeSteps, initial }: Quantisation,
): number {
  const spikes = Math.floor((activation * timeSteps) / threshold + initial);
  return (threshold * Math.min(timeSteps, Math.max(0, spikes))) / timeSteps;
}

/** Thresholds that are tried: the largest activation, and each smaller by this factor than the one before. */
const finer = 0.98;
const tried = 250;

/**
 * The threshold whose quantisation differs least from the activations: the θ that minimises Σ (quantised(a, θ) − a)².
 * Small ones cut large activations off, large ones round small activations coarsely.
 *
 * @returns θ > 0, or undefined where no activation is above 0
 */
export function leastErrorThreshold(
  { counts, sums, largest }: SizeHistogram,
  quantisation: Quantisation,
): number | undefined {
  if (!(largest > 0)) return undefined;
  const bins = [...counts.keys()].filter((bin) => counts[bin]! > 0);
  const means = Float64Array.from(bins, (bin) => sums[bin]! / counts[bin]!);
  const weights = Float64Array.from(bins, (bin) => counts[bin]!);
  let [best, least] = [largest, Infinity];
  for (let k = 0, threshold = largest; k < tried; k++, threshold *= finer) {
    let error = 0;
    for (let i = 0; i < means.length; i++) {
      error += weights[i]! * (quantised(means[i]!, threshold, quantisation) - means[i]!) ** 2;
    }
    if (error < least) [best, least] = [threshold, error];
  }
  return best;
}
