import {
  axisOf,
  exportAgain,
  feature,
  numberOf,
  numbers,
  rankOf,
  refuse,
  sameAs,
  viewText,
  type Operation,
  type Operator,
} from '../operation.js';
import type { Feature } from '../step.js';
import { batch } from '../values.js';
import { order, sameView, sizeOf, type Axis, type Shape } from '../view.js';
import { arithmetic, concatSizes } from './sizes.js';

/** The sum of two layers, or a shift by constants. */
export const add: Operator = (operation) => {
  const sizes = arithmetic(operation, (a, b) => a + b);
  if (sizes) return sizes;
  const [a, b] = operation.inputs;
  if (a?.kind !== 'feature')
    return affine(
      operation,
      1,
      0,
      () => 1,
      (value) => value,
    );
  if (b?.kind !== 'feature')
    return affine(
      operation,
      0,
      1,
      () => 1,
      (value) => value,
    );
  const [shape, other] = [a.step.shape, b.step.shape];
  if (shape.join() !== other.join() || !sameView(a.view, b.view)) {
    throw refuse(
      operation,
      `it adds ${shape.join(' × ')} (height, width, channels, seen as ${viewText(a.view)}) to ` +
        `${other.join(' × ')} (seen as ${viewText(b.view)})`,
      'Let an addition take two layers of the same shape.',
    );
  }
  return sameAs(a.view, {
    kind: 'add',
    node: operation.node,
    inputs: [a.step, b.step],
    shape,
  });
};

export const subtract: Operator = (operation) => {
  const sizes = arithmetic(operation, (a, b) => a - b);
  if (sizes) return sizes;
  const [a] = operation.inputs;
  if (a?.kind !== 'feature')
    return affine(
      operation,
      1,
      0,
      () => -1,
      (value) => value,
    );
  return affine(
    operation,
    0,
    1,
    () => 1,
    (value) => -value,
  );
};

export const multiply: Operator = (operation) => {
  const sizes = arithmetic(operation, (a, b) => a * b);
  if (sizes) return sizes;
  const [a] = operation.inputs;
  if (a?.kind !== 'feature')
    return affine(
      operation,
      1,
      0,
      (value) => value,
      () => 0,
    );
  return affine(
    operation,
    0,
    1,
    (value) => value,
    () => 0,
  );
};

export const divide: Operator = (operation) => {
  const sizes = arithmetic(operation, (a, b) => Math.trunc(a / b));
  if (sizes) return sizes;
  feature(operation);
  return affine(
    operation,
    0,
    1,
    (value) => 1 / value,
    () => 0,
  );
};

/**
 * x · scale + shift with constants that are the same for all pixels of a channel.
 *
 * @param scale of the constant's number; so is the shift
 */
function affine(
  operation: Operation,
  at: number,
  constantAt: number,
  scale: (value: number) => number,
  shift: (value: number) => number,
): Feature {
  const { step, view } = feature(operation, at);
  const values = byChannel(operation, constantAt, { step, view });
  const scales = Float64Array.from(values, scale);
  const shifts = Float64Array.from(values, shift);
  if (![...scales, ...shifts].every((value) => Number.isFinite(Math.fround(value)))) {
    throw refuse(
      operation,
      'its constant makes NaN or infinity',
      'Take another checkpoint of the training.',
    );
  }
  return sameAs(view, {
    kind: 'affine',
    node: operation.node,
    inputs: [step],
    shape: step.shape,
    scale: scales,
    shift: shifts,
  });
}

/** A constant that is broadcast over a feature, as one number a channel. */
function byChannel(
  operation: Operation,
  at: number,
  { step, view }: Omit<Feature, 'kind'>,
): Float64Array {
  const value = operation.inputs[at];
  const channels = step.shape[2];
  if (value === undefined) throw refuse(operation, `its input ${at + 1} is missing`, exportAgain);
  if (value.kind === 'feature') {
    throw refuse(
      operation,
      'it multiplies or subtracts two things that both come from the image',
      'Products of activations (gates, attention, squeeze-and-excitation) have no counterpart in a spiking network here: take a network without them.',
    );
  }
  if (value.kind === 'sizes') {
    const [one] = value.values;
    if (value.values.length === 1 && one !== batch) return new Float64Array(channels).fill(one!);
    throw refuse(operation, 'it computes with the shape of the image', exportAgain);
  }
  const data = numbers(operation, value.tensor);
  const axes = view.map((dimension) => dimension);
  // Right-aligned, as broadcasting is; the first dimension counts images.
  const given = [...value.tensor.shape];
  const rank = view.length + 1;
  const excess = given.slice(0, Math.max(0, given.length - rank));
  const sizes = given.slice(excess.length);
  while (sizes.length < rank) sizes.unshift(1);
  const fits =
    excess.length === 0 &&
    sizes[0] === 1 &&
    sizes.slice(1).every((size, i) => size === 1 || size === extent(axes[i]!, step.shape));
  if (!fits) {
    throw refuse(
      operation,
      `its constant of ${given.join(' × ') || 'no dimensions'} does not fit ${viewText(view)}`,
      'Let constants be one number, or one for each channel.',
    );
  }
  const result = new Float64Array(channels);
  const seen = new Uint8Array(channels);
  // Walks the constant; each of its elements stands for some channel, or for all.
  const index = sizes.slice(1).map(() => 0);
  for (const number of data) {
    const channel = channelAt(index, sizes.slice(1), axes, step.shape);
    const [from, to] = channel === undefined ? [0, channels] : [channel, channel + 1];
    for (let c = from; c < to; c++) {
      if (seen[c] && result[c] !== number) {
        throw refuse(
          operation,
          'its constant has different numbers for the pixels of a channel',
          'Let constants be one number, or one for each channel.',
        );
      }
      seen[c] = 1;
      result[c] = number;
    }
    for (let d = index.length - 1; d >= 0; d--) {
      index[d]!++;
      if (index[d]! < sizes[d + 1]!) break;
      index[d] = 0;
    }
  }
  return result;
}

const extent = (axes: readonly Axis[], shape: Shape) =>
  axes.reduce((product, axis) => product * sizeOf(shape, axis), 1);

/** The channel at a place of a constant; undefined where the constant is the same for all. */
function channelAt(
  index: readonly number[],
  sizes: readonly number[],
  view: readonly (readonly Axis[])[],
  shape: Shape,
): number | undefined {
  for (const [d, axes] of view.entries()) {
    const at = axes.indexOf('c');
    if (at < 0 || sizes[d] === 1) continue;
    const below = axes.slice(at + 1).reduce((product, axis) => product * sizeOf(shape, axis), 1);
    return Math.floor(index[d]! / below) % shape[2];
  }
  return shape[2] === 1 ? 0 : undefined;
}

export const relu: Operator = (operation) => clipped(operation, 0, Infinity);

export const leakyRelu: Operator = (operation) => {
  const alpha = operation.attributes.float('alpha', 0.01);
  if (alpha === 0) return clipped(operation, 0, Infinity);
  throw refuse(
    operation,
    `it passes ${alpha} times what is negative, and a spiking neuron here gives nothing for negative input`,
    'Train the network, or go on training it, with ReLU in place of LeakyReLU.',
  );
};

export const clip: Operator = (operation) => {
  const low = numberOf(operation, 'min', 1, -Infinity);
  const high = numberOf(operation, 'max', 2, Infinity);
  if (Number.isNaN(low) || Number.isNaN(high)) {
    throw refuse(operation, 'its limits are no numbers', exportAgain);
  }
  return clipped(operation, low, high);
};

function clipped(operation: Operation, low: number, high: number): Feature {
  const { step, view } = feature(operation);
  return sameAs(view, {
    kind: 'clip',
    node: operation.node,
    inputs: [step],
    shape: step.shape,
    low,
    high,
  });
}

/** Channels side by side. */
export const concat: Operator = (operation) => {
  const sizes = concatSizes(operation);
  if (sizes) return sizes;
  const inputs = operation.inputs.map((_, at) => feature(operation, at));
  const [first] = inputs;
  if (!first) throw refuse(operation, 'it has no input', exportAgain);
  if (inputs.length === 1) return first;
  const axis = axisOf(operation, operation.attributes.int('axis', 1), rankOf(first));
  if (axis === 0) {
    throw refuse(
      operation,
      'it joins images to a larger batch',
      'Export the network so that every image is computed by itself.',
    );
  }
  const [height, width] = first.step.shape;
  const rest = (view: Feature['view']) =>
    view.map((axes, at) => axes.filter((one) => at !== axis - 1 || one !== 'c').join('')).join();
  const channelsFirst = ({ view, step }: Feature) => {
    const joined = view[axis - 1]!;
    const outside = view.filter((_, at) => at !== axis - 1).flat();
    const slowest = joined[0] === 'c' || step.shape[2] === 1;
    return slowest && !outside.includes('c');
  };
  const fits = inputs.every(
    (one) =>
      one.step.shape[0] === height &&
      one.step.shape[1] === width &&
      channelsFirst(one) &&
      rest(one.view) === rest(first.view),
  );
  if (!fits) {
    throw refuse(
      operation,
      `it joins ${inputs.map((one) => `${one.step.shape.join(' × ')} (seen as ${viewText(one.view)})`).join(' and ')} along something else than channels`,
      'Let a concatenation join the channels of images of one height and width, or vectors.',
    );
  }
  const channels = inputs.reduce((sum, { step }) => sum + step.shape[2], 0);
  const step = {
    kind: 'concat' as const,
    node: operation.node,
    inputs: inputs.map((one) => one.step),
    shape: [height, width, channels] as const,
  };
  const view = first.view.map((axes, at) =>
    at === axis - 1 ? (['c', ...axes.filter((one) => one !== 'c')] as const) : axes,
  );
  return sameAs(view, step);
};

/** Softmax over the classes, which the end of a network may have. */
export const softmax: Operator = (operation) => {
  const { step, view } = feature(operation);
  const rank = rankOf({ kind: 'feature', step, view });
  const axis = axisOf(operation, operation.attributes.int('axis', -1), rank);
  if (order(view).join() === (view[axis - 1] ?? []).join() || order(view).length === 0) {
    return sameAs(view, {
      kind: 'softmax',
      node: operation.node,
      inputs: [step],
      shape: step.shape,
    });
  }
  throw refuse(
    operation,
    `it normalises ${viewText(view)} over its axis ${axis}, which does not hold all classes`,
    'Softmax may stand at the end only, over the classes of each image.',
  );
};
