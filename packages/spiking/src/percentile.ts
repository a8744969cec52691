import { joinArrays } from './join-arrays.js';

/**
 * The nearest-rank percentile of all values of all arrays: the smallest value that at least `percentile` % of
 * them do not exceed. 100 gives the largest; no value at all gives undefined.
 *
 * @param percentile in (0, 100]
 */
export function percentileOf(
  arrays: readonly Float32Array[],
  percentile: number,
): number | undefined {
  return percentileOfSorted(joinArrays(arrays).sort(), percentile);
}

/** The same of one array whose values ascend. */
export function percentileOfSorted(values: Float32Array, percentile: number): number | undefined {
  return values[nearestRank(percentile, values.length) - 1];
}

/** The rank of the percentile among `count` > 0 values that ascend, from 1 on. */
export function nearestRank(percentile: number, count: number): number {
  return Math.max(1, Math.ceil((percentile * count) / 100));
}
