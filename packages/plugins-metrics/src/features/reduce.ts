import type { RandomStream } from '@privatesnn/core';

import { covarianceOf, meanOf } from '../distance/covariance.js';
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

/**
 * The directions in which the given features vary most. Of fewer rows than columns they are found from the products of the
 * rows, as XᵀX and XXᵀ have the same eigenvalues; a direction without any variance is 0 then.
 */
export async function principalComponents(
  features: FeatureMatrix,
  dimensions: number,
): Promise<Projection> {
  const { EVD, Matrix } = await import('ml-matrix');
  const { rows, columns } = features;
  // Eigenvalues of a symmetric matrix come in ascending order.
  const last = (count: number, k: number) => count - 1 - k;
  const matrix = new Float64Array(columns * dimensions);
  if (columns <= rows) {
    const { eigenvectorMatrix } = new EVD(new Matrix(covarianceOf(features)), {
      assumeSymmetric: true,
    });
    for (let column = 0; column < columns; column++) {
      for (let k = 0; k < dimensions; k++) {
        matrix[column * dimensions + k] = eigenvectorMatrix.get(column, last(columns, k));
      }
    }
    return { dimensions, matrix };
  }
  const mean = meanOf(features);
  const centred = features.data.map((value, i) => value - mean[i % columns]!);
  const products = new Matrix(rowProducts(centred, rows, columns));
  const { realEigenvalues, eigenvectorMatrix } = new EVD(products, { assumeSymmetric: true });
  for (let k = 0; k < Math.min(dimensions, rows); k++) {
    const length = Math.sqrt(Math.max(0, realEigenvalues[last(rows, k)]!));
    if (!(length > 1e-7 * Math.sqrt(realEigenvalues[last(rows, 0)]!))) continue;
    for (let row = 0; row < rows; row++) {
      const factor = eigenvectorMatrix.get(row, last(rows, k)) / length;
      for (let column = 0; column < columns; column++) {
        matrix[column * dimensions + k]! += factor * centred[row * columns + column]!;
      }
    }
  }
  return { dimensions, matrix };
}

/** XXᵀ of rows of numbers. */
function rowProducts(data: Float64Array, rows: number, columns: number): Float64Array[] {
  const products = Array.from({ length: rows }, () => new Float64Array(rows));
  for (let i = 0; i < rows; i++) {
    const one = data.subarray(i * columns, (i + 1) * columns);
    for (let j = 0; j <= i; j++) {
      const other = data.subarray(j * columns, (j + 1) * columns);
      let product = 0;
      for (let k = 0; k < columns; k++) product += one[k]! * other[k]!;
      products[i]![j] = products[j]![i] = product;
    }
  }
  return products;
}

export function applyProjection(features: FeatureMatrix, projection: Projection): FeatureMatrix {
  return project(features, projection.matrix, projection.dimensions);
}
