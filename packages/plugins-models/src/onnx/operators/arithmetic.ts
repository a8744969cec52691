import { type Operation, type Operator, feature, refuse, sameAs, viewText } from '../operation.js';
import type { Feature } from '../step.js';
import { sameView } from '../view.js';
import { byChannel } from './per-channel.js';
import { arithmetic } from './sizes.js';

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
