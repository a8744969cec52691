import { axisOf, rankOf, sameAs, viewText } from '../../steps/feature.js';
import { refuse } from '../../steps/refusal.js';
import {
  exportAgain,
  feature,
  sizesOf,
  wholeOf,
  type Operation,
  type Operator,
} from '../operation.js';
import type { Feature } from '../../steps/step.js';
import { batch, type Size } from '../values.js';
import { dimensions, regroup } from '../../steps/view.js';
import {
  plain,
  reshapeSizes,
  sizesAt,
  squeezeSizes,
  transposeSizes,
  unsqueezeSizes,
} from './sizes.js';

/* Operators that change the view of an image, and no number. */

const oneByOne = 'Export the network so that every image is computed by itself, the images first.';

/** The value as it is: Identity, Cast between types of numbers, Dropout after the training. */
export const identity: Operator = (operation) => {
  const [value] = operation.inputs;
  if (value) return value;
  throw refuse(operation, 'it has no input', exportAgain);
};

export const cast: Operator = (operation) => {
  const to = operation.attributes.int('to', 1);
  operation.attributes.int('saturate', 1);
  const value = identity(operation);
  // Whole numbers would cut an activation; constants of sizes stay what they are.
  if (value.kind !== 'feature' || floats.includes(to)) return value;
  throw refuse(
    operation,
    'it makes whole numbers of what the image gives',
    'Take the network before it was quantised.',
  );
};
/** FLOAT, FLOAT16, DOUBLE and BFLOAT16 of TensorProto.DataType. */
const floats = [1, 10, 11, 16];

export const dropout: Operator = (operation) => {
  const { attributes } = operation;
  attributes.float('ratio', 0.5);
  attributes.int('seed', 0);
  const training = operation.inputs[2];
  const on = training?.kind === 'constant' && wholeOf(operation, 'training_mode', 2)?.[0] !== 0;
  if (on || operation.isUsed(1)) {
    throw refuse(
      operation,
      'it is in training mode, in which it drops numbers at random',
      'Export the network after model.eval().',
    );
  }
  operation.remark('Dropout acts in training only, and is left out');
  return identity(operation);
};

export const flatten: Operator = (operation) => {
  const input = feature(operation);
  const axis = operation.attributes.int('axis', 1);
  const rank = rankOf(input);
  if (axis === 1 || axis === 1 - rank) return sameAs([input.view.flat()], input.step);
  throw refuse(operation, `its axis ${axis} mixes images with one another`, oneByOne);
};

export const transpose: Operator = (operation) => {
  const sizes = sizesAt(operation, 0);
  if (sizes) return transposeSizes(operation, sizes);
  const input = feature(operation);
  const rank = rankOf(input);
  const reversed = Array.from({ length: rank }, (_, i) => rank - 1 - i);
  const permutation = operation.attributes.ints('perm') ?? reversed;
  if (permutation.toSorted((a, b) => a - b).join() !== reversed.toReversed().join()) {
    throw refuse(
      operation,
      `its "perm" [${permutation.join(', ')}] is not one of ${rank} axes`,
      exportAgain,
    );
  }
  if (permutation[0] !== 0) throw refuse(operation, 'it moves the axis of the images', oneByOne);
  return sameAs(
    permutation.slice(1).map((axis) => input.view[axis - 1]!),
    input.step,
  );
};

export const reshape: Operator = (operation) => {
  const allowZero = operation.attributes.int('allowzero', 0) !== 0;
  const target = operation.attributes.ints('shape') ?? sizesOf(operation, 1);
  const [value] = operation.inputs;
  if (!target) throw refuse(operation, 'it lacks the shape to give', exportAgain);
  if (value?.kind !== 'feature') {
    const sizes = sizesAt(operation, 0)!;
    return reshapeSizes(sizes, plain(operation, { kind: 'sizes', shape: [], values: target }));
  }
  const input = feature(operation);
  const before = dimensions(input.view, input.step.shape);
  const total = before.reduce((product, size) => product * size, 1);
  const sizes = target.map((size, at): Size => {
    if (size !== 0 || allowZero) return size;
    return at === 0 ? batch : (before[at - 1] ?? 0);
  });
  const rest = sizes.slice(1);
  const free = rest.filter((size) => size === -1).length;
  const known = rest.reduce<number>(
    (product, size) => (typeof size === 'number' && size !== -1 ? product * size : product),
    1,
  );
  const first = sizes[0];
  const inferred = free === 1 && known > 0 ? total / known : undefined;
  const wanted = rest.map((size) => (size === -1 ? inferred : size));
  const isBatch = first === batch || first === operation.batchSize || (first === -1 && free === 0);
  const text = `[${target.map((size) => (size === batch ? 'images' : String(size))).join(', ')}]`;
  const whole = wanted.every(
    (size): size is number => typeof size === 'number' && Number.isInteger(size),
  );
  if (
    !isBatch ||
    !whole ||
    wanted.reduce<number>((product, size) => product * Number(size), 1) !== total
  ) {
    throw refuse(
      operation,
      `the shape ${text} does not keep the ${total} numbers of each image together`,
      oneByOne,
    );
  }
  return regrouped(operation, input, wanted as number[]);
};

export const squeeze: Operator = (operation) => {
  const sizes = sizesAt(operation, 0);
  if (sizes) return squeezeSizes(operation, sizes);
  const given = wholeOf(operation, 'axes', 1);
  const input = feature(operation);
  const before = dimensions(input.view, input.step.shape);
  if (!given && operation.batchSize === 1) {
    throw refuse(operation, 'it takes the axis of the images away too', oneByOne);
  }
  const axes = given?.map((axis) => axisOf(operation, axis, rankOf(input)));
  if (axes?.includes(0)) throw refuse(operation, 'it takes the axis of the images away', oneByOne);
  const wrong = axes?.find((axis) => before[axis - 1] !== 1);
  if (wrong !== undefined) {
    throw refuse(
      operation,
      `its axis ${wrong} has ${before[wrong - 1]} elements, not 1`,
      exportAgain,
    );
  }
  const view = input.view.filter((_, at) => (axes ? !axes.includes(at + 1) : before[at] !== 1));
  return sameAs(view, input.step);
};

export const unsqueeze: Operator = (operation) => {
  const sizes = sizesAt(operation, 0);
  if (sizes) return unsqueezeSizes(operation, sizes);
  const given = wholeOf(operation, 'axes', 1) ?? [];
  const input = feature(operation);
  const rank = rankOf(input) + given.length;
  const axes = given.map((axis) => axisOf(operation, axis, rank));
  if (axes.includes(0))
    throw refuse(operation, 'it puts an axis before that of the images', oneByOne);
  const rest = [...input.view];
  const view = Array.from({ length: rank - 1 }, (_, at) =>
    axes.includes(at + 1) ? [] : (rest.shift() ?? []),
  );
  return sameAs(view, input.step);
};

export const shapeOf: Operator = (operation) => {
  const all = allSizes(operation);
  const start = operation.attributes.int('start', 0);
  const end = operation.attributes.int('end', all.length);
  const values = all.slice(start, end);
  return { kind: 'sizes', shape: [values.length], values };
};

function allSizes(operation: Operation): readonly Size[] {
  const [value] = operation.inputs;
  if (value?.kind === 'constant') return value.tensor.shape;
  if (value?.kind === 'sizes') return value.shape;
  const { view, step } = feature(operation);
  return [operation.batchSize ?? batch, ...dimensions(view, step.shape)];
}

function regrouped(operation: Operation, input: Feature, sizes: readonly number[]): Feature {
  const view = regroup(input.view, input.step.shape, sizes);
  if (view) return sameAs(view, input.step);
  throw refuse(
    operation,
    `it cuts an axis of ${viewText(input.view)} into parts`,
    'Reshapes that mix or split channels (channel shuffle, attention) have no counterpart here; take a network without them.',
  );
}
