import { fc, test } from '@fast-check/vitest';
import { expect } from 'vitest';

import { permutation, shuffleInPlace } from './shuffle.js';
import { randomStream } from './stream.js';

test.prop([fc.nat(), fc.array(fc.integer())])(
  'shuffled values are the same values, and the same seed gives the same order',
  (seed, values) => {
    const [one, two] = [values.slice(), values.slice()];
    shuffleInPlace(one, randomStream(seed, 'x'));
    shuffleInPlace(two, randomStream(seed, 'x'));
    expect(one).toEqual(two);
    expect(one.toSorted((a, b) => a - b)).toEqual(values.toSorted((a, b) => a - b));
  },
);

test('all orders of three numbers are equally likely', () => {
  const random = randomStream(1, 'orders');
  const counts = new Map<string, number>();
  const draws = 60_000;
  for (let i = 0; i < draws; i++) {
    const order = permutation(3, random).join();
    counts.set(order, (counts.get(order) ?? 0) + 1);
  }
  expect(counts.size).toBe(6);
  // Five standard deviations of a binomial count.
  const bound = 5 * Math.sqrt(draws * (1 / 6) * (5 / 6));
  for (const count of counts.values()) expect(Math.abs(count - draws / 6)).toBeLessThan(bound);
});
