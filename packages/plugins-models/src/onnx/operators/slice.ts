import { dimensions } from '../view.js';
import {
  type Operator,
  asImages,
  axisOf,
  exportAgain,
  feature,
  images,
  rankOf,
  refuse,
  shaped,
  wholeOf,
} from '../operation.js';
import { sizesAt, sliceSizes } from './sizes.js';

/** Every so many-th pixel, as ResNet's option A takes; or a part of computed shapes. */
export const slice: Operator = (operation) => {
  const starts = wholeOf(operation, 'starts', 1) ?? [];
  const ends = wholeOf(operation, 'ends', 2) ?? [];
  const axes = wholeOf(operation, 'axes', 3) ?? starts.map((_, i) => i);
  const steps = wholeOf(operation, 'steps', 4) ?? starts.map(() => 1);
  if ([ends, axes, steps].some(({ length }) => length !== starts.length)) {
    throw refuse(operation, 'its starts, ends, axes and steps are not of one number', exportAgain);
  }
  const computed = sizesAt(operation, 0);
  if (computed) {
    return starts.reduce(
      (sizes, start, i) => sliceSizes(operation, sizes, [start, ends[i]!, axes[i]!, steps[i]!]),
      computed,
    );
  }
  const value = feature(operation);
  const rank = rankOf(value);
  const sizes = [Infinity, ...dimensions(value.view, value.step.shape)];
  const strides = sizes.map(() => 1);
  for (const [i, given] of axes.entries()) {
    const axis = axisOf(operation, given, rank);
    const [start, end, step] = [starts[i]!, ends[i]!, steps[i]!];
    const size = sizes[axis]!;
    const whole =
      (start === 0 || start <= -size) && (end >= size || (axis === 0 && end >= 2 ** 31 - 1));
    if (!whole || step < 1 || (axis === 0 && step !== 1)) {
      throw refuse(
        operation,
        `it takes the part ${start}:${end}:${step} of axis ${given}`,
        'Only every so many-th pixel from the first on is read (x[:, :, ::2, ::2]); crop before the network, and use no channel splits.',
      );
    }
    strides[axis] = step;
  }
  if (strides.every((step) => step === 1)) return value;
  const { step } = images(operation);
  const [, byChannel, rows = 1, columns = 1] = strides;
  if (byChannel !== 1) {
    throw refuse(
      operation,
      `it takes every ${byChannel}-th channel`,
      'Take all channels, and rows and columns only: x[:, :, ::2, ::2].',
    );
  }
  const [height, width, channels] = step.shape;
  return asImages({
    kind: 'shortcut',
    node: operation.node,
    inputs: [step],
    shape: shaped(Math.ceil(height / rows), Math.ceil(width / columns), channels),
    stride: [rows, columns],
    before: 0,
    after: 0,
  });
};
