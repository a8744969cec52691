import type { TensorMessage } from './model-file.js';
import type { Feature } from '../steps/step.js';

/** The number of images of a batch, which is free. */
export const batch = Symbol('batch');
export type Size = number | typeof batch;

/** Whole numbers that are computed from shapes: what exporters write to flatten a batch of any size. */
export interface Sizes {
  readonly kind: 'sizes';
  readonly shape: readonly number[];
  readonly values: readonly Size[];
}

export interface Constant {
  readonly kind: 'constant';
  readonly tensor: TensorMessage;
}

/** What is known of a value of the graph. */
export type Value = Feature | Constant | Sizes;
