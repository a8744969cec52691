import type { Parameter } from '@privatesnn/core';

import { viewText } from '../steps/feature.js';
import { refuse, type Place } from '../steps/refusal.js';
import type { Feature } from '../steps/step.js';
import { sameView, viewOf, type Axis } from '../steps/view.js';
import type { LayerType, Settings } from './settings.js';

/** A call of a layer, whose inputs are known. */
export interface Operation<T extends LayerType = LayerType> extends Place {
  readonly type: T;
  readonly settings: Settings<T>;
  readonly inputs: readonly Feature[];
  /**
   * A weight of the layer, to be written to.
   *
   * @param names what it may be called
   * @param index its place among the layer's
   */
  weight(names: string | readonly string[], index: number, shape: readonly number[]): Parameter;
  /** Leaves a weight of the layer that no result depends on. */
  leave(name: string, index: number): void;
  /** Tells the user something about the import. */
  remark(text: string): void;
}

/** What a call of a layer gives. */
export type Builder<T extends LayerType> = (operation: Operation<T>) => Feature;

export type DataFormat = 'channels_last' | 'channels_first';

/** The axes of the dimensions after the first. */
export const axesOf = (format: DataFormat): readonly Axis[] =>
  format === 'channels_first' ? ['c', 'h', 'w'] : ['h', 'w', 'c'];

/** The only input of a layer that takes one. */
export function onlyInput(operation: Operation): Feature {
  const [input] = operation.inputs;
  if (input && operation.inputs.length === 1) return input;
  throw refuse(
    operation,
    `it takes ${operation.inputs.length} inputs`,
    'Let it take what one layer gives.',
  );
}

/** The only input, which must be images in the order that the layer takes. */
export function images(operation: Operation, format: DataFormat): Feature {
  const input = onlyInput(operation);
  const axes = axesOf(format);
  if (sameView(input.view, viewOf(input.step.shape, axes))) return input;
  throw refuse(
    operation,
    `it takes images that are ${format.replace('_', ' ')}, but gets ${viewText(input.view)}`,
    'Keep images in one order from the input to the Flatten or the global pooling.',
  );
}

/** Images in the order that a layer gives. */
export const asImages = (step: Feature['step'], format: DataFormat): Feature => ({
  kind: 'feature',
  step,
  view: viewOf(step.shape, axesOf(format)),
});
