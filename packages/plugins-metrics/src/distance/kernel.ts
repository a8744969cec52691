import { setImmediate } from 'node:timers/promises';

import type { FeatureMatrix } from '../features/matrix.js';

/** Kernel values between two sets of features, and within each. */
export interface Kernels {
  readonly a: number;
  readonly b: number;
  /** [a, a], [b, b] and [a, b], row-major. */
  readonly within: readonly [Float64Array, Float64Array];
  readonly between: Float64Array;
}

/**
 * The polynomial kernel of KID, k(x, y) = (x·y/d + 1)³, d the number of features.
 *
 * @see Bińkowski 2018, Demystifying MMD GANs
 */
export async function polynomialKernels(
  a: FeatureMatrix,
  b: FeatureMatrix,
  signal?: AbortSignal,
): Promise<Kernels> {
  return {
    a: a.rows,
    b: b.rows,
    within: [await kernelMatrix(a, a, signal), await kernelMatrix(b, b, signal)],
    between: await kernelMatrix(a, b, signal),
  };
}

/**
 * Unbiased estimate of the squared maximum mean discrepancy (KID): its expectation is 0 for two samples of one
 * distribution, whatever their size, so it may come out slightly negative.
 *
 * @param weights how often each row of `a` and of `b` counts; 1 each when left out. A row is never paired with
 *   itself, so that drawing rows more than once (bootstrap) adds no bias.
 */
export function unbiasedMmd2(
  kernels: Kernels,
  weights: readonly [Float64Array, Float64Array] = [
    new Float64Array(kernels.a).fill(1),
    new Float64Array(kernels.b).fill(1),
  ],
): number {
  const [a, b] = weights;
  return (
    meanOfPairs(kernels.within[0], a) +
    meanOfPairs(kernels.within[1], b) -
    (2 * weightedSum(kernels.between, a, b)) / (total(a) * total(b))
  );
}

async function kernelMatrix(
  x: FeatureMatrix,
  y: FeatureMatrix,
  signal: AbortSignal | undefined,
): Promise<Float64Array> {
  const { columns } = x;
  const kernel = new Float64Array(x.rows * y.rows);
  for (let i = 0; i < x.rows; i++) {
    if (i % 64 === 0) {
      // Lets a Ctrl-C through.
      await setImmediate();
      signal?.throwIfAborted();
    }
    for (let j = 0; j < y.rows; j++) {
      let dot = 0;
      for (let k = 0; k < columns; k++) {
        dot += x.data[i * columns + k]! * y.data[j * columns + k]!;
      }
      kernel[i * y.rows + j] = (dot / columns + 1) ** 3;
    }
  }
  return kernel;
}

/** Weighted mean over the pairs of two different rows. */
function meanOfPairs(kernel: Float64Array, weights: Float64Array): number {
  const rows = weights.length;
  const same = weights.reduce((sum, w, i) => sum + w * w * kernel[i * rows + i]!, 0);
  const squares = weights.reduce((sum, w) => sum + w * w, 0);
  return (weightedSum(kernel, weights, weights) - same) / (total(weights) ** 2 - squares);
}

function weightedSum(kernel: Float64Array, a: Float64Array, b: Float64Array): number {
  let sum = 0;
  for (let i = 0; i < a.length; i++) {
    if (a[i] === 0) continue;
    let row = 0;
    for (let j = 0; j < b.length; j++) row += b[j]! * kernel[i * b.length + j]!;
    sum += a[i]! * row;
  }
  return sum;
}

function total(weights: Float64Array): number {
  return weights.reduce((sum, weight) => sum + weight, 0);
}
