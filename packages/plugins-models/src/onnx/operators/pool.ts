import {
  type Operation,
  type Operator,
  asImages,
  axisOf,
  exportAgain,
  feature,
  images,
  rankOf,
  refuse,
  sameAs,
  shaped,
  wholeOf,
} from '../operation.js';
import type { Feature, Padding, Pair, Step } from '../step.js';
import type { Value } from '../values.js';
import type { Axis } from '../view.js';
import { readWindow } from '../window.js';

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
