import { sameAs, viewText } from '../../steps/feature.js';
import { refuse, saveAgain } from '../../steps/refusal.js';
import { dimensions, regroup } from '../../steps/view.js';
import { onlyInput, type Builder } from '../operation.js';

/* Layers that change the view of an image, and no number. */

/** Images become vectors, channels last in any case. */
export const flatten: Builder<'Flatten'> = (operation) => {
  const { view, step } = onlyInput(operation);
  const first = operation.settings.data_format === 'channels_first' && view.length > 1;
  const moved = first ? [...view.slice(1), view[0]!] : view;
  return sameAs([moved.flat()], step);
};

export const permute: Builder<'Permute'> = (operation) => {
  const { dims } = operation.settings;
  const { view, step } = onlyInput(operation);
  const sorted = dims.toSorted((a, b) => a - b);
  if (sorted.length !== view.length || sorted.some((dim, i) => dim !== i + 1)) {
    throw refuse(
      operation,
      `its "dims" [${dims.join(', ')}] are not those of ${viewText(view)}`,
      saveAgain,
    );
  }
  return sameAs(
    dims.map((dim) => view[dim - 1]!),
    step,
  );
};

export const reshape: Builder<'Reshape'> = (operation) => {
  const { target_shape: target } = operation.settings;
  const { view, step } = onlyInput(operation);
  const product = (sizes: readonly number[]) => sizes.reduce((all, size) => all * size, 1);
  const total = product(dimensions(view, step.shape));
  const known = product(target.filter((size) => size !== -1));
  const sizes = target.map((size) => (size === -1 ? total / known : size));
  if (sizes.some((size) => !Number.isInteger(size) || size < 1) || product(sizes) !== total) {
    throw refuse(
      operation,
      `its "target_shape" [${target.join(', ')}] does not hold ${total} numbers`,
      saveAgain,
    );
  }
  const regrouped = regroup(view, step.shape, sizes);
  if (regrouped) return sameAs(regrouped, step);
  throw refuse(
    operation,
    `it cuts an axis of ${viewText(view)} into parts`,
    'Reshapes that mix or split channels (channel shuffle, attention) have no counterpart here; take a network without them.',
  );
};
