import {
  asImages,
  axisOf,
  exportAgain,
  feature,
  images,
  numberOf,
  rankOf,
  refuse,
  sameAs,
  shaped,
  wholeOf,
  type Operation,
  type Operator,
} from '../operation.js';
import type { Feature, Pair, Padding, Step } from '../step.js';
import type { Value } from '../values.js';
import { dimensions, type Axis } from '../view.js';
import { readWindow } from '../window.js';
import { sizesAt, sliceSizes } from './sizes.js';

const none: Padding = [0, 0, 0, 0];

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
  const { attributes, node } = operation;
  const input = images(operation);
  const [height, width, channels] = input.step.shape;
  const window = readWindow(attributes, attributes.ints('kernel_shape') ?? [], [height, width]);
  if (typeof window === 'string') throw refuse(operation, window, exportAgain);
  const { size, stride, padding } = window;
  if (window.dilation.some((pixels) => pixels !== 1) && size.some((pixels) => pixels > 1)) {
    throw refuse(operation, 'its windows have gaps ("dilations")', 'Pool without dilation.');
  }
  const padded = padding.some((pixels) => pixels > 0);
  const [top, bottom, left, right] = padding;
  const last = (count: number, step: number, before: number) => (count - 1) * step - before;
  if (
    top >= size[0] ||
    left >= size[1] ||
    last(window.output[0], stride[0], top) >= height ||
    last(window.output[1], stride[1], left) >= width
  ) {
    throw refuse(
      operation,
      'a window of it lies wholly in the padding',
      'Pad less than the size of the window.',
    );
  }
  if (window.leavesOut) {
    throw refuse(
      operation,
      'its windows are smaller than its strides, and "auto_pad" does not say at which border pixels are left out',
      'Export the network with explicit pads.',
    );
  }
  const shape = shaped(...window.output, channels);
  // A window of one pixel without padding takes every so many-th pixel, as ResNet's option A does.
  if (size.join() === '1,1' && !padded) {
    return asImages({
      kind: 'shortcut',
      node,
      inputs: [input.step],
      shape,
      stride,
      before: 0,
      after: 0,
    });
  }
  const [below, beside] = window.overhang;
  if (kind === 'average-pool' && countPadded && below + beside > 0) {
    // The pixels of the padding count, and those that "ceil_mode" adds do not: the former become pixels of the image.
    const around: Padding = [top, bottom - below, left, right - beside];
    const whole = shaped(height + top + around[1], width + left + around[3], channels);
    const padded: Step = { kind: 'pad', node, inputs: [input.step], shape: whole, padding: around };
    return asImages({
      kind,
      node,
      inputs: [around.some((pixels) => pixels > 0) ? padded : input.step],
      shape,
      size,
      stride,
      padding: [0, below, 0, beside],
      countPadded: false,
    });
  }
  return asImages({ kind, node, inputs: [input.step], shape, size, stride, padding, countPadded });
}

export const globalPool =
  (kind: 'average-pool' | 'max-pool'): Operator =>
  (operation) =>
    asImages(wholeImage(operation, images(operation), kind));

function wholeImage(
  { node }: Operation,
  { step }: Feature,
  kind: 'average-pool' | 'max-pool',
): Step {
  const [height, width, channels] = step.shape;
  const size: Pair = [height, width];
  return {
    kind,
    node,
    inputs: [step],
    shape: [1, 1, channels],
    size,
    stride: size,
    padding: none,
    countPadded: true,
  };
}

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
  return sameAs(view, wholeImage(operation, input, 'average-pool'));
};

/** Zeros around the image, or channels of zeros. */
export const pad: Operator = (operation) => {
  const { attributes, node } = operation;
  const mode = attributes.text('mode', 'constant');
  const value = numberOf(operation, 'value', 2, 0);
  const input = feature(operation);
  const pads = wholeOf(operation, 'pads', 1) ?? [];
  const axes = wholeOf(operation, 'axes', 3) ?? Array.from({ length: rankOf(input) }, (_, i) => i);
  if (pads.length !== 2 * axes.length) {
    throw refuse(
      operation,
      `"pads" has ${pads.length} numbers for ${axes.length} axes`,
      exportAgain,
    );
  }
  if (pads.every((pixels) => pixels === 0)) return input;
  if (mode !== 'constant' || value !== 0) {
    throw refuse(
      operation,
      mode === 'constant' ? `it pads with ${value}` : `it pads with the mode "${mode}"`,
      'Pad with zeros: padding_mode="zeros" in PyTorch.',
    );
  }
  const wrong = pads.find((pixels) => pixels < 0 || pixels > 65_536);
  if (wrong !== undefined) {
    throw refuse(
      operation,
      `it pads by ${wrong} pixels`,
      'Pad by 0 or more; crop images before the network.',
    );
  }
  const { step } = images(operation);
  const around = { c: [0, 0], h: [0, 0], w: [0, 0] };
  for (const [i, axis] of axes.entries()) {
    const at = axisOf(operation, axis, rankOf(input));
    const both = [pads[i]!, pads[i + axes.length]!];
    if (at === 0 && both.some((pixels) => pixels > 0)) {
      throw refuse(operation, 'it adds images to the batch', exportAgain);
    }
    if (at > 0) around[(['c', 'h', 'w'] as const)[at - 1]!] = both;
  }
  const [height, width, channels] = step.shape;
  const [[before, after], [top, bottom], [left, right]] = [around.c, around.h, around.w] as [
    [number, number],
    [number, number],
    [number, number],
  ];
  let last: Step = step;
  const padding: Padding = [top, bottom, left, right];
  if (padding.some((pixels) => pixels > 0)) {
    const shape = shaped(height + top + bottom, width + left + right, channels);
    last = { kind: 'pad', node, inputs: [last], shape, padding };
  }
  if (before + after > 0) {
    const shape = shaped(last.shape[0], last.shape[1], before + channels + after);
    last = { kind: 'shortcut', node, inputs: [last], shape, stride: [1, 1], before, after };
  }
  return asImages(last);
};

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
