import { testStream } from '@privatesnn/testkit';
import { expect, test } from 'vitest';

import { bootstrapInterval, resample } from './bootstrap.js';

const never = new AbortController().signal;

test("the interval of a mean is the normal one's", async () => {
  const random = testStream('mean');
  const values = Array.from({ length: 400 }, () => random.normal());
  const meanOf = (sample: readonly number[]) => sample.reduce((a, b) => a + b, 0) / sample.length;
  const estimate = meanOf(values);
  const draws = testStream('draws');
  const [low, high] = (await bootstrapInterval(
    estimate,
    2000,
    () => meanOf([...resample(values.length, draws)].map((i) => values[i]!)),
    never,
  ))!;
  const error = Math.sqrt(
    values.reduce((sum, value) => sum + (value - estimate) ** 2, 0) / values.length ** 2,
  );
  expect((low - estimate) / (1.96 * error)).toBeCloseTo(-1, 0.9);
  expect((high - estimate) / (1.96 * error)).toBeCloseTo(1, 0.9);
});

test('a shift by resampling is taken back', async () => {
  const draws = [11, 12, 13, 12, 11];
  let i = 0;
  const [low, high] = (await bootstrapInterval(10, draws.length, () => draws[i++]!, never))!;
  expect(low).toBeCloseTo(20 - 12.9, 10);
  expect(high).toBeCloseTo(20 - 11, 10);
});

test('no draws, no interval; an interrupted run stops', async () => {
  expect(await bootstrapInterval(1, 0, () => 1, never)).toBeNull();
  const stopped = AbortSignal.abort(new Error('interrupted'));
  await expect(bootstrapInterval(1, 5, () => 1, stopped)).rejects.toThrow('interrupted');
});
