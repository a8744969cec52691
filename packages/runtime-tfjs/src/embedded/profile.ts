import type { Profiler } from '@privatesnn/core';
import type { KernelFunc, TensorInfo } from '@tensorflow/tfjs-core';

type Call = Parameters<KernelFunc>[0];
type Result = ReturnType<KernelFunc>;

/** Kernels with names of their own in a profile; the others have tfjs's. */
const names: Readonly<Record<string, readonly [part: string, pass: string]>> = {
  Conv2D: ['convolution', 'forward'],
  Conv2DBackpropInput: ['convolution', 'input gradient'],
  Conv2DBackpropFilter: ['convolution', 'filter gradient'],
  BatchMatMul: ['matrix product', ''],
  AvgPool: ['average pooling', 'forward'],
  AvgPoolGrad: ['average pooling', 'back'],
  MaxPool: ['max-pooling', 'forward'],
  MaxPoolGrad: ['max-pooling', 'back'],
};

/** Of the runtime that was made last: the embedded engine is one for the process. */
let profiler: Profiler | undefined;

export function profileWith(told: Profiler | undefined): void {
  profiler = told;
}

/**
 * Does work, and tells what it took, all its threads together as one: they begin and end with it.
 *
 * @param operations floating-point operations, where they are known
 */
export function profiled<T>(
  part: string,
  pass: string,
  work: () => T,
  operations: (result: T) => number | undefined = () => undefined,
): T {
  if (!profiler) return work();
  const clock = performance.now();
  const result = work();
  const seconds = (performance.now() - clock) / 1000;
  const count = operations(result);
  const counted = count === undefined ? {} : { operations: count };
  profiler.add({ part, pass, seconds, elapsed: seconds, calls: 1, ...counted });
  return result;
}

export function profiledKernel(name: string, kernel: KernelFunc): KernelFunc {
  const [part, pass] = names[name] ?? [name, ''];
  return (call) =>
    profiled(
      part,
      pass,
      () => kernel(call),
      (result) => operationsOf(name, call, result),
    );
}

/**
 * Multiplications and additions of convolutions and matrix products, by their definition: of a convolution, those with the
 * padding too.
 */
function operationsOf(name: string, { inputs, attrs }: Call, result: Result): number | undefined {
  const shape = (tensor: TensorInfo | undefined) => tensor?.shape ?? [];
  switch (name) {
    case 'Conv2D':
      return 2 * product(shape(result as TensorInfo)) * fanIn(shape(inputs['filter']));
    case 'Conv2DBackpropInput':
      return 2 * product(shape(inputs['dy'])) * fanIn(shape(inputs['filter']));
    case 'Conv2DBackpropFilter':
      return 2 * product(shape(inputs['dy'])) * fanIn(attrs?.['filterShape'] as number[]);
    case 'BatchMatMul': {
      const inner = shape(inputs['a']).at(attrs?.['transposeA'] === true ? -2 : -1) ?? 0;
      return 2 * product(shape(result as TensorInfo)) * inner;
    }
    default:
      return undefined;
  }
}

const product = (sizes: readonly number[]) => sizes.reduce((all, size) => all * size, 1);

/** Inputs that an output sums, of a filter [height, width, channels, filters]. */
const fanIn = (filter: readonly number[]) => product(filter.slice(0, -1));
