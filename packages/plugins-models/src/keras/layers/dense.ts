import { denseOver } from '../../steps/dense.js';
import { dimensions } from '../../steps/view.js';
import { onlyInput, type Builder } from '../operation.js';
import { activated } from './activate.js';

/** A dense layer over the last axis: of a vector, or of the channels of each pixel. */
export const dense: Builder<'Dense'> = (operation) => {
  const { units, use_bias: hasBias, activation } = operation.settings;
  const input = onlyInput(operation);
  const inputs = dimensions(input.view, input.step.shape).at(-1) ?? 1;
  const shape = [inputs, units] as const;
  const { data } = operation.weight('kernel', 0, shape);
  const bias = hasBias ? Float64Array.from(operation.weight('bias', 1, [units]).data) : undefined;
  const name = `${operation.node.name}/kernel`;
  return activated(operation, denseOver(operation, input, { name, shape, data, bias }), activation);
};
