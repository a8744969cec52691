import { affine } from '../../steps/affine.js';
import type { Feature } from '../../steps/step.js';
import { addAll } from '../../steps/sums.js';
import { type Operation, type Operator, feature } from '../operation.js';
import { byChannel } from './per-channel.js';
import { arithmetic } from './sizes.js';

/** The sum of two layers, or a shift by constants. */
export const add: Operator = (operation) => {
  const sizes = arithmetic(operation, (a, b) => a + b);
  if (sizes) return sizes;
  const [a, b] = operation.inputs;
  if (a?.kind !== 'feature')
    return byConstant(
      operation,
      1,
      0,
      () => 1,
      (value) => value,
    );
  if (b?.kind !== 'feature')
    return byConstant(
      operation,
      0,
      1,
      () => 1,
      (value) => value,
    );
  return addAll(operation, [a, b]);
};

export const subtract: Operator = (operation) => {
  const sizes = arithmetic(operation, (a, b) => a - b);
  if (sizes) return sizes;
  const [a] = operation.inputs;
  if (a?.kind !== 'feature')
    return byConstant(
      operation,
      1,
      0,
      () => -1,
      (value) => value,
    );
  return byConstant(
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
    return byConstant(
      operation,
      1,
      0,
      (value) => value,
      () => 0,
    );
  return byConstant(
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
  return byConstant(
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
function byConstant(
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
  return affine(operation, { step, view }, { scale: scales, shift: shifts });
}
