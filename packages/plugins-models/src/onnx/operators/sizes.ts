import type { UserError } from '@privatesnn/core';

import { axisOf } from '../../steps/feature.js';
import { refuse } from '../../steps/refusal.js';
import { exportAgain, wholeOf, type Operation, type Operator } from '../operation.js';
import { countOf, readNumbers } from '../tensor.js';
import type { Size, Sizes, Value } from '../values.js';

/*
 * The arithmetic of shapes that exporters write for batches of any size and for paddings: small arrays of numbers that
 * depend on no pixel. Operators that may also take an image ask here first.
 */

/** More numbers than any shape has, and most weights that are computed from others. */
const limit = 1_000_000;

/** An input as an array of sizes; undefined where it comes from the image. */
export function sizesAt(operation: Operation, at: number): Sizes | undefined {
  const value = operation.inputs[at];
  if (value?.kind === 'feature') return undefined;
  if (value === undefined) throw refuse(operation, `its input ${at + 1} is missing`, exportAgain);
  if (value.kind === 'sizes') return value;
  if (countOf(value.tensor) > limit) {
    throw refuse(
      operation,
      'it computes with weights; only shapes are computed here',
      'Simplify the file first: onnxsim.simplify(model).',
    );
  }
  const values = [...readNumbers(value.tensor, operation.file)];
  return { kind: 'sizes', shape: value.tensor.shape, values };
}

/** Numbers only, without the number of images. */
export function plain(operation: Operation, { values }: Sizes): number[] {
  return values.map((value) => {
    if (typeof value === 'number') return value;
    throw refuse(
      operation,
      'it computes with the number of images',
      'Export the network so that every image is computed by itself.',
    );
  });
}

/** Sizes where the image is not concerned: both inputs of an operation with two, one number for all allowed. */
export function arithmetic(
  operation: Operation,
  of: (a: number, b: number) => number,
): Sizes | undefined {
  if (operation.inputs.some((value) => value?.kind === 'feature')) return undefined;
  const [a, b] = [sizesAt(operation, 0)!, sizesAt(operation, 1)!];
  const larger = a.values.length < b.values.length ? b : a;
  const [left, right] = [plain(operation, a), plain(operation, b)];
  const at = (values: readonly number[], i: number) => values[values.length === 1 ? 0 : i];
  const values = larger.values.map((_, i): Size => {
    const [x, y] = [at(left, i), at(right, i)];
    if (x !== undefined && y !== undefined) return of(x, y);
    throw refuse(operation, 'it computes with shapes of different lengths', exportAgain);
  });
  return { kind: 'sizes', shape: larger.shape, values };
}

export const gather: Operator = (operation) => {
  const axis = operation.attributes.int('axis', 0);
  const from = sizesAt(operation, 0);
  const index = sizesAt(operation, 1);
  if (!from || !index || axis !== 0 || from.shape.length !== 1) throw picks(operation);
  const values = plain(operation, index).map((at) => {
    const found = from.values.at(at);
    if (found !== undefined) return found;
    throw refuse(operation, `it picks the number ${at} of ${from.values.length}`, exportAgain);
  });
  return { kind: 'sizes', shape: index.shape, values };
};

export const constantOfShape: Operator = (operation) => {
  const value = operation.attributes.tensor('value');
  const given = sizesAt(operation, 0);
  if (!given) throw picks(operation);
  const shape = plain(operation, given);
  const count = shape.reduce((product, size) => product * size, 1);
  if (!(count >= 0 && count <= limit)) throw picks(operation);
  const one = value ? (readNumbers(value, operation.file)[0] ?? 0) : 0;
  return { kind: 'sizes', shape, values: new Array<Size>(count).fill(one) };
};

/** Arrays of sizes one after the other. */
export function concatSizes(operation: Operation): Value | undefined {
  if (operation.inputs.some((value) => value?.kind === 'feature')) return undefined;
  const parts = operation.inputs.map((_, at) => sizesAt(operation, at)!);
  const count = parts.reduce((sum, part) => sum + part.values.length, 0);
  if (count > limit) throw picks(operation);
  const values = parts.flatMap((part) => part.values);
  const axis = operation.attributes.int('axis', 0);
  if (parts.some(({ shape }) => shape.length !== 1) || (axis !== 0 && axis !== -1))
    throw picks(operation);
  return { kind: 'sizes', shape: [values.length], values };
}

/** The same numbers in another shape. */
export function reshapeSizes(sizes: Sizes, target: readonly number[]): Sizes {
  const known = target.reduce((product, size) => (size > 0 ? product * size : product), 1);
  const shape = target.map((size) => (size > 0 ? size : sizes.values.length / known));
  return { ...sizes, shape };
}

export function transposeSizes(operation: Operation, sizes: Sizes): Sizes {
  const [rows = 0, columns = 0, ...more] = sizes.shape;
  const permutation = operation.attributes.ints('perm') ?? [1, 0];
  if (more.length > 0 || permutation.join() !== '1,0') throw picks(operation);
  const values = Array.from(
    { length: rows * columns },
    (_, i) => sizes.values[(i % rows) * columns + Math.floor(i / rows)]!,
  );
  return { kind: 'sizes', shape: [columns, rows], values };
}

/** A part of an array along its first axis, maybe backwards. */
export function sliceSizes(
  operation: Operation,
  sizes: Sizes,
  [start = 0, end = 0, axis = 0, step = 1]: readonly number[],
): Sizes {
  if (axisOf(operation, axis, Math.max(1, sizes.shape.length)) !== 0 || step === 0)
    throw picks(operation);
  const count = sizes.shape[0] ?? 1;
  const width = sizes.values.length / Math.max(1, count);
  const place = (at: number, low: number, high: number) =>
    Math.max(low, Math.min(high, at < 0 ? at + count : at));
  const indices: number[] = [];
  if (step > 0) {
    for (let i = place(start, 0, count); i < place(end, 0, count); i += step) indices.push(i);
  } else {
    for (let i = place(start, 0, count - 1); i > place(end, -1, count - 1); i += step)
      indices.push(i);
  }
  const values = indices.flatMap((i) => sizes.values.slice(i * width, (i + 1) * width));
  return { kind: 'sizes', shape: [indices.length, ...sizes.shape.slice(1)], values };
}

/** Sizes with other axes of one element. */
export function squeezeSizes(operation: Operation, sizes: Sizes): Sizes {
  const axes = wholeOf(operation, 'axes', 1);
  const shape = sizes.shape.filter((size, at) =>
    axes ? !axes.some((axis) => axisOf(operation, axis, sizes.shape.length) === at) : size !== 1,
  );
  return { ...sizes, shape };
}

export function unsqueezeSizes(operation: Operation, sizes: Sizes): Sizes {
  const given = wholeOf(operation, 'axes', 1) ?? [];
  const rank = sizes.shape.length + given.length;
  const axes = given.map((axis) => axisOf(operation, axis, rank));
  const rest = [...sizes.shape];
  const shape = Array.from({ length: rank }, (_, at) => (axes.includes(at) ? 1 : rest.shift()!));
  return { ...sizes, shape };
}

function picks(operation: Operation): UserError {
  return refuse(
    operation,
    'it picks or makes numbers in a way that is read for shapes only, and simple ones',
    'Take a network whose layers all take the whole of what comes before them, or simplify the file first: onnxsim.simplify(model).',
  );
}
