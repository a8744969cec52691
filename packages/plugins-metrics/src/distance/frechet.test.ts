import fc from 'fast-check';
import { expect, test } from 'vitest';

import { featurePairs, normalFeatures, rotation } from '../testing/feature-arbitraries.js';
import { project, selectRows } from '../features/matrix.js';
import { covarianceOf } from './covariance.js';
import { frechetDistance as estimate } from './frechet.js';

const frechetDistance = async (...sets: Parameters<typeof estimate>) =>
  (await estimate(...sets)).value;

/** tr(Σ₁ + Σ₂): what the distance is small against. */
function spread(...sets: Parameters<typeof covarianceOf>[0][]): number {
  return sets.reduce(
    (sum, set) => sum + covarianceOf(set).reduce((trace, row, i) => trace + row[i]!, 0),
    0,
  );
}

test('one dimension: (μ₁ − μ₂)² + (σ₁ − σ₂)²', async () => {
  const a = { rows: 3, columns: 1, data: Float64Array.from([1, 2, 3]) };
  const b = { rows: 2, columns: 1, data: Float64Array.from([4, 10]) };
  // μ = 2 and 7, σ = 1 and √18.
  expect(await frechetDistance(a, b)).toBeCloseTo(25 + (1 - Math.sqrt(18)) ** 2, 10);
});

test('commuting covariances: the sum over the axes', async () => {
  const axes = (sx: number, sy: number) => ({
    rows: 4,
    columns: 2,
    data: Float64Array.from([sx, sy, -sx, sy, sx, -sy, -sx, -sy]),
  });
  const factor = Math.sqrt(4 / 3);
  expect(await frechetDistance(axes(1, 5), axes(3, 2))).toBeCloseTo(
    factor ** 2 * ((1 - 3) ** 2 + (5 - 2) ** 2),
    9,
  );
});

test('a set has distance 0 to itself, also where its covariance is singular', async () => {
  await fc.assert(
    fc.asyncProperty(featurePairs, async ({ a }) => {
      expect(await frechetDistance(a, a)).toBeLessThan(1e-6 * spread(a) + 1e-12);
    }),
    { numRuns: 50 },
  );
  const wide = normalFeatures(12, 40, 'wide');
  expect(await frechetDistance(wide, wide)).toBeLessThan(1e-6 * spread(wide));
});

test('symmetric, and unchanged when both sets are rotated', async () => {
  await fc.assert(
    fc.asyncProperty(featurePairs, async ({ a, b, columns, seed }) => {
      const distance = await frechetDistance(a, b);
      const tolerance = 1e-6 * (spread(a, b) + distance) + 1e-12;
      expect(Math.abs((await frechetDistance(b, a)) - distance)).toBeLessThan(tolerance);
      const turn = rotation(columns, `turn${seed}`);
      const turned = await frechetDistance(project(a, turn, columns), project(b, turn, columns));
      expect(Math.abs(turned - distance)).toBeLessThan(tolerance);
    }),
    { numRuns: 50 },
  );
});

test('a shift of one set adds its squared length', async () => {
  const a = normalFeatures(30, 5, 'shifted');
  const b = { ...a, data: a.data.map((value) => value + 2) };
  expect(await frechetDistance(a, b)).toBeCloseTo(5 * 4, 6);
});

test('whole weights are repeated rows, for the value and for its error', async () => {
  const [a, b] = [normalFeatures(9, 3, 'weighted'), normalFeatures(8, 3, 'other', 1)];
  const weights = Float64Array.from([2, 0, 1, 1, 0, 3, 1, 0, 1]);
  const places = [...weights].flatMap((count, i) => new Array<number>(count).fill(i));
  const weighted = await estimate(a, b, [weights, undefined]);
  const repeated = await estimate(selectRows(a, places), b);
  expect(weighted.value).toBeCloseTo(repeated.value, 8);
  expect(weighted.error).toBeCloseTo(repeated.error, 8);
});

test("the error in one dimension: that of (μ₁ − μ₂)² + (σ₁ − σ₂)², by each row's influence", async () => {
  const a = { rows: 4, columns: 1, data: Float64Array.from([0, 1, 3, 4]) };
  const b = { rows: 3, columns: 1, data: Float64Array.from([5, 6, 10]) };
  const moments = ({ data, rows }: typeof a) => {
    const mean = data.reduce((sum, x) => sum + x, 0) / rows;
    const variance = data.reduce((sum, x) => sum + (x - mean) ** 2, 0) / (rows - 1);
    return { mean, deviation: Math.sqrt(variance) };
  };
  const [m, n] = [moments(a), moments(b)];
  const part = (
    { data, rows }: typeof a,
    own: { mean: number; deviation: number },
    other: { mean: number; deviation: number },
  ) => {
    const influences = [...data].map(
      (x) =>
        2 * (own.mean - other.mean) * (x - own.mean) +
        (x - own.mean) ** 2 * (1 - other.deviation / own.deviation),
    );
    const mean = influences.reduce((sum, x) => sum + x, 0) / rows;
    return influences.reduce((sum, x) => sum + (x - mean) ** 2, 0) / (rows - 1) / rows;
  };
  const { error } = await estimate(a, b);
  expect(error ** 2).toBeCloseTo(part(a, m, n) + part(b, n, m), 8);
});

test('the error is how far estimates of new samples lie apart', async () => {
  const estimates = await Promise.all(
    Array.from({ length: 100 }, (_, i) =>
      estimate(normalFeatures(300, 3, `one${i}`, 1), normalFeatures(300, 3, `two${i}`)),
    ),
  );
  const mean = estimates.reduce((sum, { value }) => sum + value, 0) / 100;
  const spreadOf = Math.sqrt(
    estimates.reduce((sum, { value }) => sum + (value - mean) ** 2, 0) / 99,
  );
  const error = estimates.reduce((sum, estimated) => sum + estimated.error, 0) / 100;
  expect(error / spreadOf).toBeGreaterThan(0.75);
  expect(error / spreadOf).toBeLessThan(1.35);
});
