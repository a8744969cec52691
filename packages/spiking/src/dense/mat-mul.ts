import type { DenseCalls } from './calls.js';
import { matrixRows } from './field.js';
import type { Floats, MatMulShape } from './shapes.js';

/** @returns [batch, m, n] */
export function matMul(calls: DenseCalls, s: MatMulShape, a: Floats, b: Floats): Float32Array {
  const { batch, m, k, n, transposeA, transposeB, shareA = false, shareB = false } = s;
  const result = new Float32Array(batch * m * n);
  if (k === 0) return result;
  const right = {
    taps: 1,
    depth: k,
    columns: n,
    rowStep: transposeB ? 1 : n,
    columnStep: transposeB ? k : 1,
  };
  // Many matrices with one on the right are one tall matrix.
  if (shareB && !shareA && !transposeA && batch > 1) {
    return matMul(calls, { ...s, batch: 1, m: batch * m }, a, b);
  }
  for (let i = 0; i < batch; i++) {
    calls.pool.scope(() => {
      const from = calls.copyIn(shareA ? a : part(a, m * k, i), m * k);
      const packed = calls.pack(shareB ? b : part(b, k * n, i), right);
      const product = transposeA
        ? calls.outer(from, rowsAsPixels(m, k), packed, n)
        : calls.product(from, matrixRows(m, k), packed, n);
      result.set(product, i * m * n);
    });
  }
  return result;
}

/** aᵀ · b is the sum of outer products of the rows of a [k, m] and b [k, n]. */
function rowsAsPixels(m: number, k: number) {
  return {
    segments: Array.from({ length: k }, (_, i) => i * m),
    width: 1,
    xStep: m,
    kernelRows: 1,
    kernelStep: 0,
    length: m,
  };
}

function part(source: Floats, size: number, i: number): Floats {
  return source.subarray(i * size, (i + 1) * size) as Floats;
}
