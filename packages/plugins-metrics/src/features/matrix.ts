/** Feature vectors, one row an image, row-major. */
export interface FeatureMatrix {
  readonly rows: number;
  readonly columns: number;
  readonly data: Float64Array;
}

/** The rows at the given places, in that order; a place may come more than once. */
export function selectRows(features: FeatureMatrix, places: ArrayLike<number>): FeatureMatrix {
  const { columns } = features;
  const data = new Float64Array(places.length * columns);
  for (let i = 0; i < places.length; i++) {
    const from = places[i]! * columns;
    data.set(features.data.subarray(from, from + columns), i * columns);
  }
  return { rows: places.length, columns, data };
}

/**
 * Every row times a matrix.
 *
 * @param projection [columns, dimensions], row-major
 */
export function project(
  features: FeatureMatrix,
  projection: Float64Array,
  dimensions: number,
): FeatureMatrix {
  const { rows, columns } = features;
  const data = new Float64Array(rows * dimensions);
  for (let row = 0; row < rows; row++) {
    const result = data.subarray(row * dimensions, (row + 1) * dimensions);
    for (let column = 0; column < columns; column++) {
      const value = features.data[row * columns + column]!;
      if (value === 0) continue;
      const from = column * dimensions;
      for (let k = 0; k < dimensions; k++) result[k]! += value * projection[from + k]!;
    }
  }
  return { rows, columns: dimensions, data };
}
