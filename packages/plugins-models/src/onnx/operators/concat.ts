import {
  type Operator,
  axisOf,
  exportAgain,
  feature,
  rankOf,
  refuse,
  sameAs,
  viewText,
} from '../operation.js';
import type { Feature } from '../step.js';
import { concatSizes } from './sizes.js';

/** Channels side by side. */
export const concat: Operator = (operation) => {
  const sizes = concatSizes(operation);
  if (sizes) return sizes;
  const inputs = operation.inputs.map((_, at) => feature(operation, at));
  const [first] = inputs;
  if (!first) throw refuse(operation, 'it has no input', exportAgain);
  const axis = axisOf(operation, operation.attributes.int('axis', 1), rankOf(first));
  if (inputs.length === 1) return first;
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
