import { type Operator, axisOf, feature, rankOf, refuse, sameAs, viewText } from '../operation.js';
import { order } from '../view.js';

/** Softmax over the classes, which the end of a network may have. */
export const softmax: Operator = (operation) => {
  const { step, view } = feature(operation);
  const rank = rankOf({ kind: 'feature', step, view });
  const axis = axisOf(operation, operation.attributes.int('axis', -1), rank);
  if (order(view).join() === (view[axis - 1] ?? []).join() || order(view).length === 0) {
    return sameAs(view, {
      kind: 'softmax',
      node: operation.node,
      inputs: [step],
      shape: step.shape,
    });
  }
  throw refuse(
    operation,
    `it normalises ${viewText(view)} over its axis ${axis}, which does not hold all classes`,
    'Softmax may stand at the end only, over the classes of each image.',
  );
};
