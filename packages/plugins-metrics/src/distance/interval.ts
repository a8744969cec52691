/** A 95 % interval. */
export type Interval = readonly [low: number, high: number];

/**
 * The interval of a distance, which is never below 0: it begins there, or at the estimate, where that has come out
 * negative. One that ends below 0 is among the 5 % that miss.
 */
export function fromZero(estimate: number, [low, high]: Interval): Interval {
  return [Math.min(estimate, Math.max(0, low)), high];
}

/** Images of the smaller set from which on an interval covers the truth in at least 90 % of cases (coverage.slow.test.ts). */
export const fewestImages = {
  fid: (dimensions: number): number => Math.ceil(Math.max(5 * dimensions, dimensions ** 2 / 2)),
  kid: 50,
};
