import fc from 'fast-check';
import { expect, test } from 'vitest';

import { wilson } from './wilson.js';

test('known values', () => {
  // 8 of 10, and 0 of 10: Newcombe 1998 and R's prop.test(correct = FALSE).
  expect(wilson(8, 10)[0]).toBeCloseTo(0.4902, 4);
  expect(wilson(8, 10)[1]).toBeCloseTo(0.9433, 4);
  expect(wilson(0, 10)).toEqual([0, expect.closeTo(0.2775, 4)]);
  expect(wilson(10, 10)).toEqual([expect.closeTo(0.7225, 4), 1]);
});

const counts = fc
  .integer({ min: 1, max: 10_000 })
  .chain((trials) => fc.tuple(fc.integer({ min: 0, max: trials }), fc.constant(trials)));

test('contains the proportion and lies in [0, 1]', () => {
  fc.assert(
    fc.property(counts, ([successes, trials]) => {
      const [low, high] = wilson(successes, trials);
      expect(low).toBeGreaterThanOrEqual(0);
      expect(low).toBeLessThanOrEqual(successes / trials);
      expect(high).toBeGreaterThanOrEqual(successes / trials);
      expect(high).toBeLessThanOrEqual(1);
    }),
  );
});

test('mirrors when successes and failures change places, and narrows with more trials', () => {
  fc.assert(
    fc.property(counts, ([successes, trials]) => {
      const [low, high] = wilson(successes, trials);
      const [mirroredLow, mirroredHigh] = wilson(trials - successes, trials);
      expect(mirroredLow).toBeCloseTo(1 - high, 10);
      expect(mirroredHigh).toBeCloseTo(1 - low, 10);
      const [narrowLow, narrowHigh] = wilson(4 * successes, 4 * trials);
      expect(narrowHigh - narrowLow).toBeLessThan(high - low);
    }),
  );
});
