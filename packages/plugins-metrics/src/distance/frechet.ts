import type { Matrix } from 'ml-matrix';

import type { FeatureMatrix } from '../features/matrix.js';
import { countOf, covarianceOf, meanOf, type RowWeights } from './covariance.js';

/** An estimate, and its standard error. */
export interface Estimate {
  readonly value: number;
  readonly error: number;
}

/**
 * Fréchet distance of two sets of features taken as Gaussians (FID):
 * ‖μ₁ − μ₂‖² + tr(Σ₁ + Σ₂ − 2·(Σ₁Σ₂)^½).
 *
 * With Σ = AAᵀ from an eigen decomposition, tr (Σ₁Σ₂)^½ is the sum of the singular values of A₁ᵀA₂: no root
 * of a rounding error near zero is taken, so a set has distance 0 to itself even where Σ is singular.
 *
 * The standard error is the delta method's: how much a row x of set 1, d = x − μ₁, moves the distance is
 * 2(μ₁ − μ₂)·d + dᵀ(1 − T)d, with T the optimal map of the first Gaussian to the second.
 *
 * @param a at least 2 rows
 * @param b at least 2 rows, as many columns as `a`
 * @param weights how often each row of `a` and of `b` counts
 * @returns value ≥ 0
 * @see Heusel 2017, GANs trained by a two time-scale update rule
 */
export async function frechetDistance(
  a: FeatureMatrix,
  b: FeatureMatrix,
  weights: readonly [RowWeights, RowWeights] = [undefined, undefined],
): Promise<Estimate> {
  const { EVD, Matrix, SVD } = await import('ml-matrix');
  const [first, second] = [a, b].map((features, i) => {
    const covariance = new Matrix(covarianceOf(features, weights[i]));
    const { realEigenvalues, eigenvectorMatrix } = new EVD(covariance, { assumeSymmetric: true });
    const scales = realEigenvalues.map((value) => Math.sqrt(Math.max(0, value)));
    return {
      mean: meanOf(features, weights[i]),
      trace: covariance.trace(),
      factor: eigenvectorMatrix.clone().mulRowVector(scales),
      inverse: eigenvectorMatrix.mulRowVector(inverses(scales)),
    };
  }) as [Gaussian, Gaussian];
  const svd = new SVD(first.factor.transpose().mmul(second.factor));
  const singular = svd.diagonal;
  const shift = first.mean.map((value, i) => value - second.mean[i]!);
  const square = shift.reduce((sum, value) => sum + value ** 2, 0);
  const root = singular.reduce((sum, value) => sum + value, 0);

  const variance = (
    features: FeatureMatrix,
    ownWeights: RowWeights,
    { mean, inverse }: Gaussian,
    direction: Float64Array,
    vectors: Matrix,
  ): number => {
    const half = inverse.mmul(vectors).mulRowVector(singular.map(Math.sqrt));
    const curvature = Matrix.eye(features.columns).sub(half.mmul(half.transpose()));
    return varianceOfMean(features, ownWeights, mean, direction, curvature);
  };
  const back = shift.map((value) => -value);
  return {
    value: Math.max(0, square + first.trace + second.trace - 2 * root),
    error: Math.sqrt(
      variance(a, weights[0], first, shift, svd.leftSingularVectors) +
        variance(b, weights[1], second, back, svd.rightSingularVectors),
    ),
  };
}

interface Gaussian {
  readonly mean: Float64Array;
  readonly trace: number;
  /** A with Σ = AAᵀ, and the transposed of its inverse, 0 in directions without variance. */
  readonly factor: Matrix;
  readonly inverse: Matrix;
}

/** Variance of the mean of 2·direction·d + dᵀ·curvature·d over the rows. */
function varianceOfMean(
  features: FeatureMatrix,
  weights: RowWeights,
  mean: Float64Array,
  direction: Float64Array,
  curvature: Matrix,
): number {
  const { rows, columns, data } = features;
  const lines = curvature.to2DArray().map((line) => Float64Array.from(line));
  const d = new Float64Array(columns);
  let sum = 0;
  let squares = 0;
  for (let row = 0; row < rows; row++) {
    const weight = weights?.[row] ?? 1;
    if (weight === 0) continue;
    for (let i = 0; i < columns; i++) d[i] = data[row * columns + i]! - mean[i]!;
    let influence = 0;
    for (let i = 0; i < columns; i++) {
      const line = lines[i]!;
      // The matrix is symmetric: twice what is right of the diagonal.
      let product = 0;
      for (let j = i + 1; j < columns; j++) product += line[j]! * d[j]!;
      influence += d[i]! * (2 * direction[i]! + 2 * product + line[i]! * d[i]!);
    }
    sum += weight * influence;
    squares += weight * influence ** 2;
  }
  const count = countOf(features, weights);
  return Math.max(0, squares - sum ** 2 / count) / (count - 1) / count;
}

function inverses(scales: readonly number[]): number[] {
  const smallest = 1e-7 * Math.max(...scales);
  return scales.map((scale) => (scale > smallest ? 1 / scale : 0));
}
