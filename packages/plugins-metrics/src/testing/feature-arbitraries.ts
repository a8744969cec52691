import { testStream } from '@privatesnn/testkit';
import fc from 'fast-check';

import type { FeatureMatrix } from '../features/matrix.js';

/** Normal features, shifted and scaled differently in each column. */
export function normalFeatures(
  rows: number,
  columns: number,
  name: string,
  shift = 0,
): FeatureMatrix {
  const random = testStream(name);
  const data = Float64Array.from(
    { length: rows * columns },
    (_, i) => (1 + (i % columns)) * random.normal() + shift,
  );
  return { rows, columns, data };
}

/** A random rotation (Gram–Schmidt on normal columns), [columns, columns]. */
export function rotation(columns: number, name: string): Float64Array {
  const random = testStream(name);
  const basis: number[][] = [];
  while (basis.length < columns) {
    let v = Array.from({ length: columns }, () => random.normal());
    for (const b of basis) {
      const dot = v.reduce((sum, value, i) => sum + value * b[i]!, 0);
      v = v.map((value, i) => value - dot * b[i]!);
    }
    const norm = Math.hypot(...v);
    if (norm > 1e-3) basis.push(v.map((value) => value / norm));
  }
  return Float64Array.from(
    { length: columns * columns },
    (_, i) => basis[i % columns]![Math.floor(i / columns)]!,
  );
}

/** Two sets of features of one width: [a, b]. */
export const featurePairs = fc
  .record({
    columns: fc.integer({ min: 1, max: 6 }),
    rows: fc.tuple(fc.integer({ min: 2, max: 20 }), fc.integer({ min: 2, max: 20 })),
    seed: fc.integer(),
    shift: fc.double({ min: -3, max: 3, noNaN: true }),
  })
  .map(({ columns, rows, seed, shift }) => ({
    columns,
    seed,
    a: normalFeatures(rows[0], columns, `a${seed}`),
    b: normalFeatures(rows[1], columns, `b${seed}`, shift),
  }));
