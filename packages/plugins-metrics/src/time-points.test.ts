import fc from 'fast-check';
import { expect, test } from 'vitest';

import { timePoints } from './time-points.js';

test('ten evenly spaced points by default', () => {
  expect(timePoints([], 100)).toEqual([10, 20, 30, 40, 50, 60, 70, 80, 90, 100]);
  expect(timePoints([], 3)).toEqual([1, 2, 3]);
});

test('ascending, without duplicates, in [1, T], ending with T', () => {
  const cases = fc
    .integer({ min: 1, max: 500 })
    .chain((t) => fc.tuple(fc.constant(t), fc.array(fc.integer({ min: 1, max: t }))));
  fc.assert(
    fc.property(cases, ([timeSteps, asked]) => {
      const points = timePoints(asked, timeSteps);
      expect(points).toEqual([...new Set(points)].sort((a, b) => a - b));
      expect(points.at(-1)).toBe(timeSteps);
      expect(points[0]).toBeGreaterThanOrEqual(1);
      for (const t of asked) expect(points).toContain(t);
    }),
  );
});

test('a point beyond T is an error that names it', () => {
  expect(() => timePoints([5, 30], 20)).toThrow('time-step 30, but the simulation ends after 20');
});
