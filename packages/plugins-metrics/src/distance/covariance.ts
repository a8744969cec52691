import type { FeatureMatrix } from '../features/matrix.js';

/** Mean of the rows, [columns]. */
export function meanOf({ rows, columns, data }: FeatureMatrix): Float64Array {
  const mean = new Float64Array(columns);
  for (let i = 0; i < data.length; i++) mean[i % columns]! += data[i]! / rows;
  return mean;
}

/**
 * Covariance of the columns, divided by rows − 1.
 *
 * @param features at least 2 rows
 * @returns symmetric, columns × columns, as rows
 */
export function covarianceOf(features: FeatureMatrix): Float64Array[] {
  const { rows, columns, data } = features;
  const mean = meanOf(features);
  const covariance = Array.from({ length: columns }, () => new Float64Array(columns));
  const centred = new Float64Array(columns);
  for (let row = 0; row < rows; row++) {
    for (let i = 0; i < columns; i++) centred[i] = data[row * columns + i]! - mean[i]!;
    for (let i = 0; i < columns; i++) {
      const value = centred[i]! / (rows - 1);
      const line = covariance[i]!;
      for (let j = i; j < columns; j++) line[j]! += value * centred[j]!;
    }
  }
  for (let i = 0; i < columns; i++) {
    for (let j = 0; j < i; j++) covariance[i]![j] = covariance[j]![i]!;
  }
  return covariance;
}
