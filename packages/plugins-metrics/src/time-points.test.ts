import fc from 'fast-check';
import { expect, test } from 'vitest';

import { timePoints } from './time-points.js';

test('ten evenly spaced points by default', () => {
  expect(timePoints([], 100, 0)).toEqual([10, 20, 30, 40, 50, 60, 70, 80, 90, 100]);
  expect(timePoints([], 3, 0)).toEqual([1, 2, 3]);
  expect(timePoints([], 100, 45)).toEqual([50, 60, 70, 80, 90, 100]);
  expect(timePoints([], 8, 7)).toEqual([8]);
});

test('ascending, without duplicates, behind what is left out up to T, ending with T', () => {
  const cases = fc
    .integer({ min: 1, max: 500 })
    .chain((t) => fc.tuple(fc.constant(t), fc.nat(t - 1)))
    .chain(([t, after]) =>
      fc.tuple(
        fc.constant(t),
        fc.constant(after),
        fc.array(fc.integer({ min: after + 1, max: t })),
      ),
    );
  fc.assert(
    fc.property(cases, ([timeSteps, after, asked]) => {
      const points = timePoints(asked, timeSteps, after);
      expect(points).toEqual([...new Set(points)].sort((a, b) => a - b));
      expect(points.at(-1)).toBe(timeSteps);
      expect(points[0]).toBeGreaterThan(after);
      for (const t of asked) expect(points).toContain(t);
    }),
  );
});

test('a point at which nothing is read yet is an error that names it', () => {
  expect(() => timePoints([5, 4], 20, 4)).toThrow(
    "time-step 4, but the network's read-out leaves out the first 4",
  );
});

test('a point beyond T is an error that names it', () => {
  expect(() => timePoints([5, 30], 20, 0)).toThrow(
    'time-step 30, but the simulation ends after 20',
  );
});
