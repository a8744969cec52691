import { testStream } from '@privatesnn/testkit';
import fc from 'fast-check';
import { expect, test } from 'vitest';

import { featurePairs, normalFeatures } from '../testing/feature-arbitraries.js';
import { selectRows, type FeatureMatrix } from '../features/matrix.js';
import { mmd2Interval, polynomialKernels, unbiasedMmd2 } from './kernel.js';

const kid = async (a: FeatureMatrix, b: FeatureMatrix) =>
  unbiasedMmd2(await polynomialKernels(a, b));

test('by hand, in one dimension', async () => {
  const a = { rows: 2, columns: 1, data: Float64Array.from([0, 1]) };
  const b = { rows: 2, columns: 1, data: Float64Array.from([1, 2]) };
  // k(0, 1) = 1, k(1, 2) = 27; between: k(0, 1) = 1, k(0, 2) = 1, k(1, 1) = 8, k(1, 2) = 27.
  expect(await kid(a, b)).toBeCloseTo(1 + 27 - (2 * (1 + 1 + 8 + 27)) / 4, 10);
});

test('symmetric', async () => {
  await fc.assert(
    fc.asyncProperty(featurePairs, async ({ a, b }) => {
      const value = await kid(a, b);
      expect(await kid(b, a)).toBeCloseTo(value, 6 - Math.ceil(Math.log10(1 + Math.abs(value))));
    }),
    { numRuns: 50 },
  );
});

test('unbiased: over random halves of one set the mean is 0 within its error', async () => {
  const all = normalFeatures(40, 4, 'halves');
  const random = testStream('split');
  const values: number[] = [];
  for (let split = 0; split < 300; split++) {
    const places = Array.from({ length: all.rows }, (_, i) => i);
    for (let i = places.length - 1; i > 0; i--) {
      const j = random.integer(i + 1);
      [places[i], places[j]] = [places[j]!, places[i]!];
    }
    values.push(await kid(selectRows(all, places.slice(0, 20)), selectRows(all, places.slice(20))));
  }
  const mean = values.reduce((a, b) => a + b, 0) / values.length;
  const deviation = Math.sqrt(
    values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / (values.length - 1),
  );
  expect(Math.abs(mean)).toBeLessThan((4 * deviation) / Math.sqrt(values.length));
});

test('grows with a shift between the sets', async () => {
  const a = normalFeatures(50, 3, 'still');
  const near = await kid(a, normalFeatures(50, 3, 'moved', 0.5));
  const far = await kid(a, normalFeatures(50, 3, 'moved', 2));
  expect(far).toBeGreaterThan(near);
  expect(far).toBeGreaterThan(0);
});

test('the interval holds the estimate, and of two samples of one distribution mostly 0', async () => {
  await fc.assert(
    fc.asyncProperty(featurePairs, async ({ a, b }) => {
      fc.pre(a.rows >= 4 && b.rows >= 4);
      const kernels = await polynomialKernels(a, b);
      const value = unbiasedMmd2(kernels);
      const [low, high] = mmd2Interval(kernels);
      expect(low).toBeLessThanOrEqual(value);
      expect(high).toBeGreaterThanOrEqual(value);
      expect(low).toBeGreaterThanOrEqual(Math.min(0, value));
    }),
    { numRuns: 50 },
  );
});

test('the interval by hand: a jackknife, on the scale of asinh', async () => {
  const [a, b] = [normalFeatures(5, 1, 'five'), normalFeatures(6, 1, 'six', 2)];
  const kernels = await polynomialKernels(a, b);
  const value = unbiasedMmd2(kernels);
  const k = (x: number, y: number) => (x * y + 1) ** 3;
  const [x, y] = [[...a.data], [...b.data]];
  const mean = (values: number[]) => values.reduce((sum, z) => sum + z, 0) / values.length;
  const variance = (values: number[]) =>
    values.reduce((sum, z) => sum + (z - mean(values)) ** 2, 0) / (values.length - 1);
  const part = (own: number[], other: number[]) =>
    own.map(
      (p, i) =>
        mean(own.filter((_, j) => i !== j).map((q) => k(p, q))) - mean(other.map((q) => k(p, q))),
    );
  const error = 2 * Math.sqrt(variance(part(x, y)) / 5 + variance(part(y, x)) / 6);
  const within = (own: number[]) => {
    const n = own.length;
    const rows = own.map((p, i) => mean(own.filter((_, j) => i !== j).map((q) => k(p, q))));
    let sum = 0;
    own.forEach((p, i) =>
      own.forEach((q, j) => {
        if (i !== j) sum += (k(p, q) - rows[i]! - rows[j]! + mean(rows)) ** 2;
      }),
    );
    return (2 * sum) / (n * (n - 3)) / (n * (n - 1));
  };
  const rows = x.map((p) => mean(y.map((q) => k(p, q))));
  const columns = y.map((q) => mean(x.map((p) => k(p, q))));
  const between = x.flatMap((p, i) =>
    y.map((q, j) => (k(p, q) - rows[i]! - columns[j]! + mean(rows)) ** 2),
  );
  const equals = within(x) + within(y) + (4 * between.reduce((s, z) => s + z, 0)) / (4 * 5) / 30;
  const scale = 1.5 * Math.sqrt(equals);
  const half = (1.959964 * error) / Math.hypot(value, scale);
  const [, high] = mmd2Interval(kernels);
  expect(high / (scale * Math.sinh(Math.asinh(value / scale) + half))).toBeCloseTo(1, 5);
});

test('equal images: no distance, and no doubt', async () => {
  const same = { rows: 5, columns: 2, data: new Float64Array(10).fill(0.5) };
  expect(mmd2Interval(await polynomialKernels(same, same))).toEqual([0, 0]);
});
