import type { MathBackendCPU } from '@tensorflow/tfjs-backend-cpu';
import type { TensorInfo } from '@tensorflow/tfjs-core';

export interface KernelCall {
  readonly inputs: Readonly<Record<string, TensorInfo>>;
  readonly backend: MathBackendCPU;
  readonly attrs: Readonly<Record<string, unknown>>;
}

/** Computes a kernel, or returns undefined for a case that it leaves to tfjs's own. */
export type Kernel = (call: KernelCall) => TensorInfo | undefined;

/** By tfjs's name of the kernel. */
export type Kernels = Readonly<Record<string, Kernel>>;

/** The numbers of a tensor, row-major; undefined unless they are floats. */
export function floatsOf(
  backend: MathBackendCPU,
  tensor: TensorInfo | undefined,
): Float32Array | undefined {
  if (tensor?.dtype !== 'float32') return undefined;
  const { values } = backend.data.get(tensor.dataId);
  return values instanceof Float32Array ? values : undefined;
}

/** A new tensor over these numbers. */
export function floatTensor(
  backend: MathBackendCPU,
  shape: readonly number[],
  values: Float32Array,
): TensorInfo {
  return backend.makeTensorInfo([...shape], 'float32', values);
}
