import { expect } from 'vitest';

import { loadNative } from '../../fast/kernels.js';
import { Dense } from '../dense.js';

/** One of each kind that this machine has, on one thread. */
export const engines = [new Dense({ kind: 'wasm', threads: 1 })];
try {
  loadNative();
  for (const instructions of ['baseline', 'avx2', 'avx512']) {
    try {
      engines.push(new Dense({ kind: 'native', instructions, threads: 1 }));
    } catch {
      // This processor lacks them.
    }
  }
} catch {
  // No native kernels here: the WebAssembly ones are tested.
}

/** Small integers, so that sums in any order are exact. */
export function numbers(length: number, seed: number): Float32Array {
  let state = (seed % 2147483646) + 1;
  return Float32Array.from({ length }, () => {
    state = (state * 48271) % 2147483647;
    return (state % 9) - 4;
  });
}

/** Says where two arrays differ; faster than comparing them with `toEqual`. */
export function expectSame(actual: Float32Array, expected: Float32Array): void {
  expect(actual.length).toBe(expected.length);
  const at = actual.findIndex((value, i) => value !== expected[i]);
  if (at >= 0) expect({ at, value: actual[at] }).toEqual({ at, value: expected[at] });
}
