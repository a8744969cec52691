import { token } from '@privatesnn/core';

/** The tensor operations: @tensorflow/tfjs-core with a backend already chosen. */
export type Tf = typeof import('@tensorflow/tfjs-core');

/** The tensor runtime: TensorFlow where it loads, else the embedded engine behind the same operations. */
export interface TensorRuntime {
  readonly id: 'tensorflow' | 'embedded';
  /** For people: "TensorFlow 2.21.0 (from the tensorflow-cpu wheel)", "embedded (native, AVX-512)". */
  readonly description: string;
  readonly tf: Tf;
}

export const TENSOR_RUNTIME = token<TensorRuntime>(
  'tensor-runtime',
  'dense tensors with automatic gradients',
);
