import { refuse } from '../../steps/refusal.js';
import { concatAll } from '../../steps/sums.js';
import { type Operator, exportAgain, feature } from '../operation.js';
import { concatSizes } from './sizes.js';

/** Channels side by side. */
export const concat: Operator = (operation) => {
  const sizes = concatSizes(operation);
  if (sizes) return sizes;
  const inputs = operation.inputs.map((_, at) => feature(operation, at));
  if (inputs.length === 0) throw refuse(operation, 'it has no input', exportAgain);
  return concatAll(operation, inputs, operation.attributes.int('axis', 1));
};
