import { setImmediate } from 'node:timers/promises';

import type { RandomStream } from '@privatesnn/core';

/** `count` draws from 0 … count − 1, with replacement. */
export function resample(count: number, random: RandomStream): Int32Array {
  return Int32Array.from({ length: count }, () => random.integer(count));
}

/** How often each of `count` items was drawn; at least two different ones were. */
export function resampleWeights(count: number, random: RandomStream): Float64Array {
  for (;;) {
    const weights = new Float64Array(count);
    for (const place of resample(count, random)) weights[place]! += 1;
    if (weights.every((weight) => weight < count)) return weights;
  }
}

/**
 * The basic bootstrap's 95 % interval, [2·estimate − q(97.5 %), 2·estimate − q(2.5 %)]: it corrects an estimate
 * that resampling shifts (FID grows when rows repeat) by the same shift.
 *
 * @param resamples number of draws; 0 gives null
 * @param draw the statistic of one resampled set
 */
export async function bootstrapInterval(
  estimate: number,
  resamples: number,
  draw: () => number | Promise<number>,
  signal: AbortSignal,
): Promise<[low: number, high: number] | null> {
  if (resamples === 0) return null;
  const values: number[] = [];
  for (let i = 0; i < resamples; i++) {
    // Lets a Ctrl-C through.
    await setImmediate();
    signal.throwIfAborted();
    values.push(await draw());
  }
  values.sort((a, b) => a - b);
  return [2 * estimate - quantile(values, 0.975), 2 * estimate - quantile(values, 0.025)];
}

/** By linear interpolation between the sorted values. */
function quantile(sorted: readonly number[], q: number): number {
  const place = q * (sorted.length - 1);
  const low = sorted[Math.floor(place)]!;
  const high = sorted[Math.ceil(place)]!;
  return low + (high - low) * (place - Math.floor(place));
}
