import { axisOf, rankOf, sameAs } from '../../steps/feature.js';
import { poolStep, wholeImage } from '../../steps/pool.js';
import { refuse } from '../../steps/refusal.js';
import type { Axis } from '../../steps/view.js';
import {
  type Operation,
  type Operator,
  asImages,
  exportAgain,
  feature,
  images,
  wholeOf,
} from '../operation.js';
import type { Value } from '../values.js';
import { readWindow } from '../window.js';

export const maxPool: Operator = (operation) => {
  const { attributes } = operation;
  attributes.int('storage_order', 0);
  if (operation.isUsed(1)) {
    throw refuse(
      operation,
      'the places of the largest pixels ("Indices") are used',
      'Take a network without unpooling.',
    );
  }
  return pool(operation, 'max-pool', false);
};

export const averagePool: Operator = (operation) =>
  pool(operation, 'average-pool', operation.attributes.int('count_include_pad', 0) !== 0);

function pool(
  operation: Operation,
  kind: 'average-pool' | 'max-pool',
  countPadded: boolean,
): Value {
  const { attributes } = operation;
  const { step } = images(operation);
  const [height, width] = step.shape;
  const window = readWindow(attributes, attributes.ints('kernel_shape') ?? [], [height, width]);
  if (typeof window === 'string') throw refuse(operation, window, exportAgain);
  if (window.leavesOut) {
    throw refuse(
      operation,
      'its windows are smaller than its strides, and "auto_pad" does not say at which border pixels are left out',
      'Export the network with explicit pads.',
    );
  }
  return asImages(poolStep(operation, kind, step, window, countPadded));
}

export const globalPool =
  (kind: 'average-pool' | 'max-pool'): Operator =>
  (operation) =>
    asImages(wholeImage(operation, kind, images(operation).step));

/** The mean over the pixels, as a pooling of the whole image. */
export const reduceMean: Operator = (operation) => {
  const { attributes } = operation;
  const keep = attributes.int('keepdims', 1) !== 0;
  const nothing = attributes.int('noop_with_empty_axes', 0) !== 0;
  const given = wholeOf(operation, 'axes', 1) ?? [];
  const input = feature(operation);
  if (given.length === 0 && nothing) return input;
  const axes = given.map((axis) => axisOf(operation, axis, rankOf(input)));
  const over = input.view.filter((_, at) => axes.includes(at + 1)).flat();
  const rest = input.view.filter((_, at) => !axes.includes(at + 1)).flat();
  if (
    axes.length === 0 ||
    axes.includes(0) ||
    over.includes('c') ||
    rest.some((axis) => axis !== 'c')
  ) {
    throw refuse(
      operation,
      `it takes the mean over the axes [${given.join(', ')}], which are not the height and the width of the image`,
      'Take means over all pixels of a channel, as GlobalAveragePool does.',
    );
  }
  const view = input.view
    .map((dimension, at): readonly Axis[] => (axes.includes(at + 1) ? [] : dimension))
    .filter((_, at) => keep || !axes.includes(at + 1));
  return sameAs(view, wholeImage(operation, 'average-pool', input.step));
};
