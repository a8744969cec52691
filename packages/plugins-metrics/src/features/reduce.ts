import type { RandomStream } from '@privatesnn/core';

import { covarianceOf } from '../distance/covariance.js';
import { project, type FeatureMatrix } from './matrix.js';

/** A linear map to fewer dimensions, [columns, dimensions], row-major. */
export interface Projection {
  readonly dimensions: number;
  readonly matrix: Float64Array;
}

/** Gaussian random projection: keeps distances within a small error (Johnson and Lindenstrauss). */
export function randomProjection(
  columns: number,
  dimensions: number,
  random: RandomStream,
): Projection {
  const matrix = Float64Array.from(
    { length: columns * dimensions },
    () => random.normal() / Math.sqrt(dimensions),
  );
  return { dimensions, matrix };
}

/** The directions in which the given features vary most. */
export async function principalComponents(
  features: FeatureMatrix,
  dimensions: number,
): Promise<Projection> {
  const { EVD, Matrix } = await import('ml-matrix');
  const { columns } = features;
  const { eigenvectorMatrix } = new EVD(new Matrix(covarianceOf(features)), {
    assumeSymmetric: true,
  });
  const matrix = new Float64Array(columns * dimensions);
  for (let column = 0; column < columns; column++) {
    for (let k = 0; k < dimensions; k++) {
      // Eigenvalues of a symmetric matrix come in ascending order.
      matrix[column * dimensions + k] = eigenvectorMatrix.get(column, columns - 1 - k);
    }
  }
  return { dimensions, matrix };
}

export function applyProjection(features: FeatureMatrix, projection: Projection): FeatureMatrix {
  return project(features, projection.matrix, projection.dimensions);
}
