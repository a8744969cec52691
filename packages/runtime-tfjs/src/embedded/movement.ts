import type { Tensor } from '@tensorflow/tfjs-core';

import type { Tf } from '../runtime.js';
import { floatsOf, floatTensor, type Kernels } from './kernel.js';

/** Kernels that move numbers, in stretches rather than number by number. */
export function movementKernels(tf: Tf): Kernels {
  return {
    GatherV2: ({ inputs, attrs, backend }) => {
      const { shape } = inputs['x']!;
      const x = floatsOf(backend, inputs['x']);
      const { values: indices } = backend.data.get(inputs['indices']!.dataId);
      if (
        !x ||
        !(indices instanceof Int32Array) ||
        attrs['axis'] !== 0 ||
        attrs['batchDims'] !== 0
      ) {
        return undefined;
      }
      const size = shape.slice(1).reduce((product, length) => product * length, 1);
      const result = new Float32Array(indices.length * size);
      for (let i = 0; i < indices.length; i++) {
        const from = indices[i]!;
        if (from < 0 || from >= shape[0]!) return undefined;
        result.set(x.subarray(from * size, (from + 1) * size), i * size);
      }
      return floatTensor(backend, [...inputs['indices']!.shape, ...shape.slice(1)], result);
    },
    PadV2: ({ inputs, attrs, backend }) => {
      const { shape } = inputs['x']!;
      const x = floatsOf(backend, inputs['x']);
      const paddings = attrs['paddings'] as readonly (readonly [number, number])[];
      if (!x || paddings.flat().some((padding) => padding < 0)) return undefined;
      const padded = shape.map((size, axis) => size + paddings[axis]![0] + paddings[axis]![1]);
      const result = new Float32Array(sizeOf(padded)).fill(attrs['constantValue'] as number);
      const begin = paddings.map(([before]) => before);
      forEachRow(shape, padded, begin, (part, whole, length) => {
        for (let i = 0; i < length; i++) result[whole + i] = x[part + i]!;
      });
      return floatTensor(backend, padded, result);
    },
    Slice: ({ inputs, attrs, backend }) => {
      const { shape } = inputs['x']!;
      const x = floatsOf(backend, inputs['x']);
      if (!x) return undefined;
      const [begin, sizes] = tf.slice_util.parseSliceParams(
        inputs['x'] as Tensor,
        attrs['begin'] as number | number[],
        attrs['size'] as number | number[],
      ) as [number[], number[]];
      tf.slice_util.assertParamsValid(inputs['x']!, begin, sizes);
      const result = new Float32Array(sizeOf(sizes));
      forEachRow(sizes, shape, begin, (part, whole, length) => {
        for (let i = 0; i < length; i++) result[part + i] = x[whole + i]!;
      });
      return floatTensor(backend, sizes, result);
    },
  };
}

/**
 * Visits the rows (of the last axis) of a part of a tensor: where each begins in the part and in the whole.
 *
 * @param begin where the part begins in the whole, by axis
 */
function forEachRow(
  part: readonly number[],
  whole: readonly number[],
  begin: readonly number[],
  visit: (part: number, whole: number, length: number) => void,
): void {
  const length = part.at(-1) ?? 1;
  if (sizeOf(part) === 0) return;
  const axes = part.length - 1;
  const steps = whole.map((_, axis) => sizeOf(whole.slice(axis + 1)));
  const at = new Array<number>(Math.max(axes, 0)).fill(0);
  let to = begin.reduce((sum, place, axis) => sum + place * steps[axis]!, 0);
  for (let from = 0; ; from += length) {
    visit(from, to, length);
    let axis = axes - 1;
    while (axis >= 0 && at[axis] === part[axis]! - 1) {
      to -= at[axis]! * steps[axis]!;
      at[axis--] = 0;
    }
    if (axis < 0) return;
    at[axis]!++;
    to += steps[axis]!;
  }
}

function sizeOf(shape: readonly number[]): number {
  return shape.reduce((product, size) => product * size, 1);
}
