import { axisOf, rankOf, sameAs, viewText } from './feature.js';
import { refuse, type Place } from './refusal.js';
import type { Feature } from './step.js';
import { order, sameView } from './view.js';

/* What takes several layers, or closes the network. */

const shapeText = ({ step, view }: Feature) =>
  `${step.shape.join(' × ')} (height, width, channels, seen as ${viewText(view)})`;

/** The sum of layers of one shape. */
export function addAll(place: Place, inputs: readonly Feature[]): Feature {
  const [first, ...rest] = inputs as [Feature, ...Feature[]];
  for (const other of rest) {
    const same = other.step.shape.join() === first.step.shape.join();
    if (same && sameView(first.view, other.view)) continue;
    throw refuse(
      place,
      `it adds ${shapeText(first)} to ${shapeText(other)}`,
      'Let an addition take layers of the same shape.',
    );
  }
  const steps = inputs.map(({ step }) => step);
  const { node } = place;
  return sameAs(first.view, { kind: 'add', node, inputs: steps, shape: first.step.shape });
}

/** Channels side by side. */
export function concatAll(place: Place, inputs: readonly Feature[], along: number): Feature {
  const first = inputs[0]!;
  const axis = axisOf(place, along, rankOf(first));
  if (inputs.length === 1) return first;
  if (axis === 0) {
    throw refuse(
      place,
      'it joins images to a larger batch',
      'Build the network so that every image is computed by itself.',
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
      place,
      `it joins ${inputs.map(shapeText).join(' and ')} along something else than channels`,
      'Let a concatenation join the channels of images of one height and width, or vectors.',
    );
  }
  const channels = inputs.reduce((sum, { step }) => sum + step.shape[2], 0);
  const view = first.view.map((axes, at) =>
    at === axis - 1 ? (['c', ...axes.filter((one) => one !== 'c')] as const) : axes,
  );
  return sameAs(view, {
    kind: 'concat',
    node: place.node,
    inputs: inputs.map((one) => one.step),
    shape: [height, width, channels],
  });
}

/** Softmax over the classes, which the end of a network may have. */
export function softmaxOver(place: Place, { step, view }: Feature, along: number): Feature {
  const axis = axisOf(place, along, rankOf({ view }));
  if (order(view).join() === (view[axis - 1] ?? []).join() || order(view).length === 0) {
    return sameAs(view, { kind: 'softmax', node: place.node, inputs: [step], shape: step.shape });
  }
  throw refuse(
    place,
    `it normalises ${viewText(view)} over its axis ${axis}, which does not hold all classes`,
    'Softmax may stand at the end only, over the classes of each image.',
  );
}

/** max(low, min(high, x)): a ReLU, maybe clipped. */
export function clipTo(place: Place, { step, view }: Feature, low: number, high: number): Feature {
  const { node } = place;
  return sameAs(view, { kind: 'clip', node, inputs: [step], shape: step.shape, low, high });
}
