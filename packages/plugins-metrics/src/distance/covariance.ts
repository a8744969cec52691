import type { FeatureMatrix } from '../features/matrix.js';

/** How often each row counts; every row once where left out. */
export type RowWeights = Float64Array | undefined;

/** Mean of the rows, [columns]. */
export function meanOf(features: FeatureMatrix, weights?: RowWeights): Float64Array {
  const { rows, columns, data } = features;
  const mean = new Float64Array(columns);
  const count = countOf(features, weights);
  for (let row = 0; row < rows; row++) {
    const share = (weights?.[row] ?? 1) / count;
    if (share === 0) continue;
    for (let i = 0; i < columns; i++) mean[i]! += share * data[row * columns + i]!;
  }
  return mean;
}

/**
 * Covariance of the columns, divided by rows − 1.
 *
 * @param features at least 2 rows
 * @returns symmetric, columns × columns, as rows
 */
export function covarianceOf(features: FeatureMatrix, weights?: RowWeights): Float64Array[] {
  const { rows, columns, data } = features;
  const mean = meanOf(features, weights);
  const covariance = Array.from({ length: columns }, () => new Float64Array(columns));
  const count = countOf(features, weights);
  const centred = new Float64Array(columns);
  for (let row = 0; row < rows; row++) {
    const share = (weights?.[row] ?? 1) / (count - 1);
    if (share === 0) continue;
    for (let i = 0; i < columns; i++) centred[i] = data[row * columns + i]! - mean[i]!;
    for (let i = 0; i < columns; i++) {
      const value = share * centred[i]!;
      const line = covariance[i]!;
      for (let j = i; j < columns; j++) line[j]! += value * centred[j]!;
    }
  }
  for (let i = 0; i < columns; i++) {
    for (let j = 0; j < i; j++) covariance[i]![j] = covariance[j]![i]!;
  }
  return covariance;
}

/** Rows in all. */
export function countOf({ rows }: FeatureMatrix, weights: RowWeights): number {
  return weights ? weights.reduce((sum, weight) => sum + weight, 0) : rows;
}
