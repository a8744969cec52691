import { axisOf, rankOf, sameAs, shaped } from '../../steps/feature.js';
import { refuse } from '../../steps/refusal.js';
import { type Operator, exportAgain, feature, imageAxes, wholeOf } from '../operation.js';
import type { Pair } from '../../steps/step.js';
import { dimensions, viewOf, type Axis } from '../../steps/view.js';
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
  const { step } = value;
  const roles = imageAxes(operation);
  const along = (axis: Axis) => strides[roles.indexOf(axis) + 1]!;
  if (along('c') !== 1) {
    throw refuse(
      operation,
      `it takes every ${along('c')}-th channel`,
      'Take all channels, and rows and columns only: x[:, :, ::2, ::2].',
    );
  }
  const [height, width, channels] = step.shape;
  const stride: Pair = [along('h'), along('w')];
  const shape = shaped(Math.ceil(height / stride[0]), Math.ceil(width / stride[1]), channels);
  const node = operation.node;
  return sameAs(viewOf(shape, roles), {
    kind: 'shortcut',
    node,
    inputs: [step],
    shape,
    stride,
    before: 0,
    after: 0,
  });
};
