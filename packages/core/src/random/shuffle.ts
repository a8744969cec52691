import type { RandomStream } from '../contracts/random.js';

/** Puts values in random order, in their place (Fisher-Yates). */
export function shuffleInPlace<T>(
  values: { [index: number]: T; readonly length: number },
  random: RandomStream,
): void {
  for (let i = values.length - 1; i > 0; i--) {
    const j = random.integer(i + 1);
    const kept = values[i]!;
    values[i] = values[j]!;
    values[j] = kept;
  }
}

/** The numbers from 0 to count − 1 in random order. */
export function permutation(count: number, random: RandomStream): Int32Array {
  const order = Int32Array.from({ length: count }, (_, i) => i);
  shuffleInPlace(order, random);
  return order;
}
