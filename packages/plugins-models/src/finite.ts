import { UserError, type Parameter } from '@privatesnn/core';

/**
 * Demands that a weight holds numbers only.
 *
 * @param name the tensor's, in its file
 * @throws UserError TENSOR_NOT_FINITE with the number of values that are NaN or infinite, and where the first lies
 */
export function expectFinite({ shape, data }: Parameter, name: string, file: string): void {
  let first = 0;
  while (first < data.length && Number.isFinite(data[first])) first++;
  if (first === data.length) return;
  const count = data.reduce((n, value) => n + (Number.isFinite(value) ? 0 : 1), 0);
  throw new UserError(
    'data',
    'TENSOR_NOT_FINITE',
    `The tensor "${name}" of ${file} should hold finite numbers, but ${count} of ${data.length} are NaN or infinite; ` +
      `the first is ${data[first]} at [${position(first, shape).join(', ')}].`,
    {
      hint: 'The training diverged, or a value was too large for the type that it was saved in: take an earlier checkpoint, or save as F32.',
      place: { file },
    },
  );
}

/** The indices of an element of a row-major tensor. */
function position(index: number, shape: readonly number[]): number[] {
  let rest = index;
  return shape
    .toReversed()
    .map((size) => {
      const at = rest % size;
      rest = Math.floor(rest / size);
      return at;
    })
    .reverse();
}
