import { affine } from '../../steps/affine.js';
import { refuse } from '../../steps/refusal.js';
import { addAll, concatAll } from '../../steps/sums.js';
import type { Builder, Operation } from '../operation.js';

function several(operation: Operation): Operation['inputs'] {
  if (operation.inputs.length > 1) return operation.inputs;
  throw refuse(
    operation,
    `it takes ${operation.inputs.length} inputs`,
    'Let it take what two layers or more give.',
  );
}

export const add: Builder<'Add' | 'ops.Add'> = (operation) => addAll(operation, several(operation));

export const average: Builder<'Average'> = (operation) => {
  const sum = addAll(operation, several(operation));
  const channels = sum.step.shape[2];
  const scale = new Float64Array(channels).fill(1 / operation.inputs.length);
  return affine(operation, sum, { scale, shift: new Float64Array(channels) });
};

export const concatenate: Builder<'Concatenate'> = (operation) =>
  concatAll(operation, several(operation), operation.settings.axis);
