import { expect } from 'vitest';

/** Equal but for rounding, relative to the largest number. */
export function expectClose(
  actual: ArrayLike<number>,
  expected: ArrayLike<number>,
  what = '',
): void {
  expect(actual.length, what).toBe(expected.length);
  let largest = 0;
  for (let i = 0; i < expected.length; i++) largest = Math.max(largest, Math.abs(expected[i]!));
  for (let i = 0; i < expected.length; i++) {
    const difference = Math.abs(actual[i]! - expected[i]!);
    if (!(difference <= 1e-4 * largest + 1e-6)) {
      throw new Error(`${what}[${i}] is ${actual[i]}, expected ${expected[i]}`);
    }
  }
}
