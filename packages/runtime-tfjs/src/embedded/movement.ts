import { floatsOf, floatTensor, type Kernels } from './kernel.js';

/** Kernels that move numbers, in stretches rather than number by number. */
export function movementKernels(): Kernels {
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
  };
}
