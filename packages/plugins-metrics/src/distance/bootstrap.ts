import { setImmediate } from 'node:timers/promises';

import type { RandomStream } from '@privatesnn/core';

import type { Estimate } from './frechet.js';
import { fromZero, type Interval } from './interval.js';

/** How often each of `count` items is drawn, with replacement, in `count` draws. */
export function resampleWeights(count: number, random: RandomStream): Float64Array {
  const weights = new Float64Array(count);
  for (let i = 0; i < count; i++) weights[random.integer(count)]! += 1;
  return weights;
}

/**
 * Takes back the bias of an estimate of a distance, and gives its 95 % interval, by the studentised bootstrap: as much as
 * resampling adds on average, sampling has added before, so the corrected value is 2·estimate − mean of the draws; and
 * (draw − mean of the draws) / its error is spread as (corrected value − truth) / its error is.
 *
 * @param estimate the plug-in value, with its standard error
 * @param draw the same of one resampled pair of sets
 * @param resamples number of draws, ≥ 1
 * @returns `interval` is null where draws without any variance leave it open
 * @see Efron and Tibshirani 1993, An introduction to the bootstrap, Sections 10.3 and 12.5
 */
export async function bootstrapCorrection(
  estimate: Estimate,
  draw: () => Promise<Estimate>,
  resamples: number,
  signal: AbortSignal,
): Promise<{ value: number; interval: Interval | null }> {
  const draws: Estimate[] = [];
  for (let i = 0; i < resamples; i++) {
    // Lets a Ctrl-C through.
    await setImmediate();
    signal.throwIfAborted();
    draws.push(await draw());
  }
  const mean = draws.reduce((sum, { value }) => sum + value, 0) / resamples;
  const value = 2 * estimate.value - mean;
  const deviations = draws
    .map((drawn) => (drawn.value === mean ? 0 : (drawn.value - mean) / drawn.error))
    .sort((a, b) => a - b);
  const low = value - quantile(deviations, 0.975) * estimate.error;
  const high = value - quantile(deviations, 0.025) * estimate.error;
  const known = Number.isFinite(low) && Number.isFinite(high);
  return { value, interval: known ? fromZero(value, [low, high]) : null };
}

/** By linear interpolation between the sorted values. */
function quantile(sorted: readonly number[], q: number): number {
  const place = q * (sorted.length - 1);
  const low = sorted[Math.floor(place)]!;
  const high = sorted[Math.ceil(place)]!;
  return low + (high - low) * (place - Math.floor(place));
}
