import { testStream } from '@privatesnn/testkit';
import fc from 'fast-check';
import { expect, test } from 'vitest';

import { featurePairs, normalFeatures } from '../testing/feature-arbitraries.js';
import { selectRows, type FeatureMatrix } from '../features/matrix.js';
import { resampleWeights } from './bootstrap.js';
import { polynomialKernels, unbiasedMmd2 } from './kernel.js';

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

test('whole weights are repeated rows, never paired with themselves', async () => {
  const a = normalFeatures(3, 2, 'weighted');
  const b = normalFeatures(4, 2, 'other');
  const kernels = await polynomialKernels(a, b);
  const ones = new Float64Array(4).fill(1);
  // Weight 0 leaves a row out.
  expect(unbiasedMmd2(kernels, [Float64Array.from([1, 0, 1]), ones])).toBeCloseTo(
    await kid(selectRows(a, [0, 2]), b),
    6,
  );
});

test('resampled weights add up to the count and take at least two rows', () => {
  fc.assert(
    fc.property(fc.integer({ min: 2, max: 30 }), fc.string(), (count, name) => {
      const weights = resampleWeights(count, testStream(name));
      expect(weights.reduce((a, b) => a + b, 0)).toBe(count);
      expect(weights.filter((weight) => weight > 0).length).toBeGreaterThan(1);
    }),
  );
});
