import fc from 'fast-check';
import { expect, test } from 'vitest';

import { predictedClasses, softmax } from './classify.js';

test('the first of the largest logits', () => {
  expect([...predictedClasses(Float32Array.from([0, 2, 1, 3, 3, 3]), 3)]).toEqual([1, 0]);
});

test('a network that overflowed has no class', () => {
  expect(() => predictedClasses(Float32Array.from([0, 1, NaN, 0]), 2)).toThrow(
    'Expected finite logits, but the network gives NaN for image 1.',
  );
});

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
