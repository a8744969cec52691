import fc from 'fast-check';
import { expect, test } from 'vitest';

import { featurePairs, normalFeatures, rotation } from '../testing/feature-arbitraries.js';
import { project } from '../features/matrix.js';
import { covarianceOf } from './covariance.js';
import { frechetDistance } from './frechet.js';

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
