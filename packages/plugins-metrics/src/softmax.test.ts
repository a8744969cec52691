import fc from 'fast-check';
import { expect, test } from 'vitest';

import { softmax } from './softmax.js';

test('softmax lies on the simplex and does not change when a constant is added', () => {
  const logits = fc
    .array(fc.float({ min: -50, max: 50, noNaN: true }), { minLength: 1, maxLength: 10 })
    .map((values) => Float32Array.from(values));
  fc.assert(
    fc.property(logits, (values) => {
      const probabilities = softmax(values);
      expect(probabilities.reduce((a, b) => a + b, 0)).toBeCloseTo(1, 10);
      const shifted = softmax(values.map((value) => value + 64));
      shifted.forEach((p, i) => expect(p).toBeCloseTo(probabilities[i]!, 4));
    }),
  );
});
