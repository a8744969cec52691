/** How well one layer's spike rates stand for the ANN's activations, over some images. */
export interface LayerStatistics {
  readonly layer: string;
  /** Pearson correlation of activation and spike rate over images and neurons; null where either is constant. */
  readonly correlation: number | null;
  /** Part of the neurons that the ANN uses on some image, but that never spike. */
  readonly dead: number;
  /** Part of the neurons that the ANN uses whose largest activation stands for less than one spike in T time-steps. */
  readonly tooFine: number;
  /**
   * Part of the (image, neuron) pairs that spike at nearly every time-step and whose activation stands for more spikes
   * than there are time-steps, so that the rate is cut off.
   */
  readonly saturated: number;
  /** The 99.9th percentile of the non-zero spike rates, in [0, 1]; 0 for a silent layer. */
  readonly highestRate: number;
  /** Least-squares factor from spike rate to activation. */
  readonly gain: number;
}

/** A rate from which on a neuron counts as saturated. */
const saturatedFrom = 0.95;

/**
 * @param activations the ANN's, [images, neurons], ≥ 0
 * @param counts spikes in T time-steps, [images, neurons]
 * @param scale the activation that a rate of one spike a time-step stands for, > 0
 */
export function layerStatistics(
  layer: string,
  activations: Float32Array,
  counts: Uint16Array,
  neurons: number,
  timeSteps: number,
  scale: number,
): LayerStatistics {
  const pairs = counts.length;
  const spikesFor = (activation: number) => (activation * timeSteps) / scale;
  const histogram = new Float64Array(timeSteps + 1);
  const largest = new Float32Array(neurons);
  const spiked = new Uint8Array(neurons);
  let [sumA, sumR, sumAA, sumRR, sumAR, saturated] = [0, 0, 0, 0, 0, 0];
  for (let i = 0; i < pairs; i++) {
    const a = activations[i]!;
    const rate = counts[i]! / timeSteps;
    sumA += a;
    sumR += rate;
    sumAA += a * a;
    sumRR += rate * rate;
    sumAR += a * rate;
    histogram[counts[i]!]! += 1;
    if (rate >= saturatedFrom && spikesFor(a) >= timeSteps + 1) saturated++;
    if (a > largest[i % neurons]!) largest[i % neurons] = a;
    if (rate > 0) spiked[i % neurons] = 1;
  }
  const covariance = sumAR - (sumA * sumR) / pairs;
  const variances = (sumAA - (sumA * sumA) / pairs) * (sumRR - (sumR * sumR) / pairs);
  const used = largest.reduce((sum, a) => sum + (a > 0 ? 1 : 0), 0);
  const dead = largest.reduce((sum, a, i) => sum + (a > 0 && !spiked[i] ? 1 : 0), 0);
  const tooFine = largest.reduce((sum, a) => sum + (a > 0 && spikesFor(a) < 1 ? 1 : 0), 0);
  return {
    layer,
    correlation:
      variances > 0 ? Math.max(-1, Math.min(1, covariance / Math.sqrt(variances))) : null,
    dead: used > 0 ? dead / used : 0,
    tooFine: used > 0 ? tooFine / used : 0,
    saturated: saturated / pairs,
    highestRate: percentileCount(histogram, 0.999) / timeSteps,
    gain: sumRR > 0 ? sumAR / sumRR : 0,
  };
}

/** The smallest count ≥ 1 that the given part of the non-zero counts does not exceed; 0 where all are 0. */
function percentileCount(histogram: Float64Array, part: number): number {
  const positive = histogram.subarray(1).reduce((sum, value) => sum + value, 0);
  let seen = 0;
  for (let count = 1; count < histogram.length; count++) {
    seen += histogram[count]!;
    if (seen > 0 && seen >= part * positive) return count;
  }
  return 0;
}
