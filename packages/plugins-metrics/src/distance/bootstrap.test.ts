import { testStream } from '@privatesnn/testkit';
import fc from 'fast-check';
import { expect, test } from 'vitest';

import { bootstrapCorrection, resampleWeights } from './bootstrap.js';
import type { Estimate } from './frechet.js';

const never = new AbortController().signal;

/** Squares a mean: an estimate of μ² whose bias is σ²/n. */
function squaredMean(values: readonly number[], weights?: Float64Array): Estimate {
  const count = values.length;
  const weight = (i: number) => weights?.[i] ?? 1;
  const mean = values.reduce((sum, value, i) => sum + weight(i) * value, 0) / count;
  const variance = values.reduce((sum, value, i) => sum + weight(i) * (value - mean) ** 2, 0);
  return { value: mean ** 2, error: (2 * Math.abs(mean) * Math.sqrt(variance)) / count };
}

test('takes back the bias, and its interval is the normal one where the estimate is normal', async () => {
  const random = testStream('mean');
  const values = Array.from({ length: 400 }, () => 3 + random.normal());
  const estimate = squaredMean(values);
  const draws = testStream('draws');
  const { value, interval } = await bootstrapCorrection(
    estimate,
    () => Promise.resolve(squaredMean(values, resampleWeights(400, draws))),
    4000,
    never,
  );
  expect(interval![0]).toBeLessThan(value);
  expect((interval![0] - value) / (1.96 * estimate.error)).toBeCloseTo(-1, 0.9);
  expect((interval![1] - value) / (1.96 * estimate.error)).toBeCloseTo(1, 0.9);
});

test('is 2·estimate − mean of the draws, with the draws studentised', async () => {
  const draws = [11, 12, 13, 12, 11];
  let i = 0;
  const { value, interval } = await bootstrapCorrection(
    { value: 10, error: 2 },
    () => Promise.resolve({ value: draws[i++]!, error: 4 }),
    draws.length,
    never,
  );
  expect(value).toBeCloseTo(20 - 11.8, 10);
  // Quantiles of (−0.8, −0.8, 0.2, 0.2, 1.2) / 4, by linear interpolation; the error is 2.
  expect(interval![0]).toBeCloseTo(8.2 - (1.1 / 4) * 2, 10);
  expect(interval![1]).toBeCloseTo(8.2 + (0.8 / 4) * 2, 10);
});

test('draws without variance leave the interval open; an interrupted run stops', async () => {
  let i = 0;
  const open = await bootstrapCorrection(
    { value: 1, error: 1 },
    () => Promise.resolve({ value: i++, error: 0 }),
    5,
    never,
  );
  expect(open.interval).toBeNull();
  const stopped = AbortSignal.abort(new Error('interrupted'));
  const draw = () => Promise.resolve({ value: 1, error: 1 });
  await expect(bootstrapCorrection({ value: 1, error: 1 }, draw, 5, stopped)).rejects.toThrow(
    'interrupted',
  );
});

test('resampled weights add up to the count', () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 30 }), fc.string(), (count, name) => {
      const weights = resampleWeights(count, testStream(name));
      expect(weights).toHaveLength(count);
      expect(weights.reduce((a, b) => a + b, 0)).toBe(count);
    }),
  );
});
