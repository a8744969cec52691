import fc, { type Arbitrary } from 'fast-check';

/** A range of numbers that lie on a grid of `step`. */
export interface Grid {
  readonly min: number;
  readonly max: number;
  readonly step: number;
}

/** Multiples of `step` from `min` to `max`. */
export function gridNumber({ min, max, step }: Grid): Arbitrary<number> {
  return fc
    .integer({ min: Math.ceil(min / step), max: Math.floor(max / step) })
    .map((multiple) => multiple * step);
}

/** A float array of the given length whose numbers lie on a grid. */
export function floatArray(length: number, grid: Grid): Arbitrary<Float32Array> {
  return fc
    .array(gridNumber(grid), { minLength: length, maxLength: length })
    .map((values) => Float32Array.from(values));
}
