import fc from 'fast-check';
import { expect, it } from 'vitest';

import { allFinite } from './all-finite.js';

const finite = fc.float32Array({ noNaN: true, noDefaultInfinity: true, maxLength: 20 });

it('is true of finite numbers, however large', () => {
  fc.assert(fc.property(finite, (values) => allFinite(values)));
  expect(allFinite(new Float32Array(1000).fill(3.4e38))).toBe(true);
});

it('is false where one number, at any place, is not finite', () => {
  const others = fc.constantFrom(NaN, Infinity, -Infinity);
  fc.assert(
    fc.property(finite, fc.nat(), others, (values, at, other) => {
      fc.pre(values.length > 0);
      values[at % values.length] = other;
      expect(allFinite(values)).toBe(false);
    }),
  );
  expect(allFinite(Float32Array.of(Infinity, 0, -Infinity))).toBe(false);
});
