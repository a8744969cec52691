import { setImmediate } from 'node:timers/promises';

import type { FeatureMatrix } from '../features/matrix.js';
import { z95 } from '../wilson.js';
import { fromZero, type Interval } from './interval.js';

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
 */
export function unbiasedMmd2(kernels: Kernels): number {
  const [a, b] = rowDistances(kernels);
  return meanOf(a) + meanOf(b);
}

/**
 * KID's 95 % interval. Its standard error grows with the value, so the interval is taken on a scale on which it does
 * not: asinh(KID / s), almost linear where KID is small and a logarithm where it is large, as a few images far out
 * raise both. s is 1.5 times the standard deviation that KID has where both sets are of one distribution.
 *
 * @param kernels of at least 4 rows each
 */
export function mmd2Interval(kernels: Kernels): Interval {
  const [a, b] = rowDistances(kernels);
  const value = meanOf(a) + meanOf(b);
  const error = 2 * Math.sqrt(varianceOf(a) / a.length + varianceOf(b) / b.length);
  const scale = 1.5 * Math.sqrt(varianceOfEquals(kernels));
  if (scale === 0) return fromZero(value, [value - z95 * error, value + z95 * error]);
  const centre = Math.asinh(value / scale);
  const half = (z95 * error) / Math.hypot(value, scale);
  return fromZero(value, [scale * Math.sinh(centre - half), scale * Math.sinh(centre + half)]);
}

/** By row of either set: its mean kernel with the other rows of its set, less that with the rows of the other set. */
function rowDistances({ a, b, within, between }: Kernels): [Float64Array, Float64Array] {
  const [distanceA, distanceB] = [new Float64Array(a), new Float64Array(b)];
  for (let i = 0; i < a; i++) {
    for (let j = 0; j < b; j++) {
      const kernel = between[i * b + j]!;
      distanceA[i]! -= kernel / b;
      distanceB[j]! -= kernel / a;
    }
  }
  [distanceA, distanceB].forEach((distance, set) => {
    const rows = distance.length;
    for (let i = 0; i < rows; i++) {
      for (let j = 0; j < rows; j++) {
        if (i !== j) distance[i]! += within[set]![i * rows + j]! / (rows - 1);
      }
    }
  });
  return [distanceA, distanceB];
}

/** The variance of KID where both sets are of one distribution: of pairs alone, as no row then has a mean of its own. */
function varianceOfEquals({ a, b, within, between }: Kernels): number {
  const [pairsA, pairsB] = [
    centredSquares(within[0], a, a, 'one set'),
    centredSquares(within[1], b, b, 'one set'),
  ];
  return (
    (2 * pairsA) / (a * (a - 3)) / (a * (a - 1)) +
    (2 * pairsB) / (b * (b - 3)) / (b * (b - 1)) +
    (4 * centredSquares(between, a, b, 'two sets')) / ((a - 1) * (b - 1)) / (a * b)
  );
}

/** Sum of the squared kernels, less the means of their row and column; of one set without its diagonal. */
function centredSquares(
  kernel: Float64Array,
  rows: number,
  columns: number,
  of: 'one set' | 'two sets',
): number {
  const ofOneSet = of === 'one set';
  const skipped = ofOneSet ? 1 : 0;
  const [rowMean, columnMean] = [new Float64Array(rows), new Float64Array(columns)];
  for (let i = 0; i < rows; i++) {
    for (let j = 0; j < columns; j++) {
      if (ofOneSet && i === j) continue;
      rowMean[i]! += kernel[i * columns + j]! / (columns - skipped);
      columnMean[j]! += kernel[i * columns + j]! / (rows - skipped);
    }
  }
  const mean = meanOf(rowMean);
  let sum = 0;
  for (let i = 0; i < rows; i++) {
    for (let j = 0; j < columns; j++) {
      if (ofOneSet && i === j) continue;
      sum += (kernel[i * columns + j]! - rowMean[i]! - columnMean[j]! + mean) ** 2;
    }
  }
  return sum;
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

function meanOf(values: Float64Array): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}

function varianceOf(values: Float64Array): number {
  const mean = meanOf(values);
  return values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / (values.length - 1);
}
