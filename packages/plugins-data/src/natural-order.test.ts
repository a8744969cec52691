import fc from 'fast-check';
import { expect, test } from 'vitest';

import { compareNaturally } from './natural-order.js';

const name = fc.stringMatching(/^[a0129_]{0,6}$/);

test('numbers go by value, the rest by code units', () => {
  const sorted = ['', '01', '1', '2', '10', 'A', 'a1b10', 'a2', 'a10', 'b', 'ä'];
  expect(sorted.toReversed().sort(compareNaturally)).toEqual(sorted);
  fc.assert(
    fc.property(fc.bigInt({ min: 0n }), fc.bigInt({ min: 0n }), (a, b) => {
      expect(compareNaturally(`s${a}`, `s${b}`) < 0).toBe(a < b);
    }),
  );
});

test('is one total order', () => {
  fc.assert(
    fc.property(name, name, name, (a, b, c) => {
      expect(Math.sign(compareNaturally(a, b))).toBe(-Math.sign(compareNaturally(b, a)) + 0);
      expect(compareNaturally(a, b) === 0).toBe(a === b);
      if (compareNaturally(a, b) < 0 && compareNaturally(b, c) < 0) {
        expect(compareNaturally(a, c)).toBeLessThan(0);
      }
    }),
  );
});
