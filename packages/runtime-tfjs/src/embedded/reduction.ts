import type { Tf } from '../runtime.js';
import { floatsOf, floatTensor, type Kernels } from './kernel.js';

/** Sums over the first axes, as in a bias's gradient; tfjs transposes for them, number by number. */
export function reductionKernels(tf: Tf): Kernels {
  return {
    Sum: ({ inputs, attrs, backend }) => {
      const { shape } = inputs['x']!;
      const x = floatsOf(backend, inputs['x']);
      const axes = tf.util.parseAxisParam(attrs['axis'] as number | number[], shape);
      const leading = axes.length < shape.length && axes.every((axis) => axis < axes.length);
      if (!x || !leading || axes.length === 0) return undefined;
      const rest = shape.slice(axes.length);
      const period = rest.reduce((product, size) => product * size, 1);
      // Sums of many numbers keep their digits in double precision.
      const sums = new Float64Array(period);
      for (let at = 0; at < x.length; at += period) {
        for (let i = 0; i < period; i++) sums[i]! += x[at + i]!;
      }
      const kept = attrs['keepDims'] === true ? axes.map(() => 1) : [];
      return floatTensor(backend, [...kept, ...rest], Float32Array.from(sums));
    },
  };
}
