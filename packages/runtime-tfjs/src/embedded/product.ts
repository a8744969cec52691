import type { Dense } from '@privatesnn/spiking';

import type { Tf } from '../runtime.js';
import { floatsOf, floatTensor, type Kernels } from './kernel.js';

/** Matrix products over a batch, in which one factor may be shared by all. */
export function productKernels(tf: Tf, dense: Dense): Kernels {
  return {
    BatchMatMul: ({ inputs, attrs, backend }) => {
      const a = floatsOf(backend, inputs['a']);
      const b = floatsOf(backend, inputs['b']);
      if (!a || !b) return undefined;
      const transposeA = attrs['transposeA'] === true;
      const transposeB = attrs['transposeB'] === true;
      const left = matrices(inputs['a']!.shape, transposeA);
      const right = matrices(inputs['b']!.shape, transposeB);
      const batch = Math.max(left.count, right.count);
      const covered = [left, right].every(({ count }) => count === batch || count === 1);
      if (left.columns !== right.rows || !covered) return undefined;
      const product = dense.matMul(
        {
          batch,
          m: left.rows,
          k: left.columns,
          n: right.columns,
          transposeA,
          transposeB,
          shareA: left.count === 1,
          shareB: right.count === 1,
        },
        a,
        b,
      );
      const outer = tf.broadcast_util.assertAndGetBroadcastShape(left.outer, right.outer);
      return floatTensor(backend, [...outer, left.rows, right.columns], product);
    },
  };
}

function matrices(
  shape: readonly number[],
  transposed: boolean,
): { outer: number[]; count: number; rows: number; columns: number } {
  const outer = shape.slice(0, -2);
  const [rows, columns] = shape.slice(-2) as [number, number];
  return {
    outer,
    count: outer.reduce((product, size) => product * size, 1),
    rows: transposed ? columns : rows,
    columns: transposed ? rows : columns,
  };
}
