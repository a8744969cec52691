import { affine, batchNorm } from '../../steps/affine.js';
import { axisOf, rankOf } from '../../steps/feature.js';
import { refuse, type Place } from '../../steps/refusal.js';
import type { Feature } from '../../steps/step.js';
import { onlyInput, type Builder } from '../operation.js';

/** Keras’ guard against deviations of 0. */
const leastDeviation = 1e-7;

/** @throws UserError where an axis is not the channels' */
function expectChannels(place: Place, { view, step }: Feature, axis: number): void {
  const at = axisOf(place, axis, rankOf({ view }));
  const axes = view[at - 1];
  const channels = axes?.join() === 'c' || (axes?.length === 0 && step.shape[2] === 1);
  if (channels) return;
  throw refuse(
    place,
    `it normalises along its axis ${axis}, which is not that of the channels`,
    'Normalise over the channels of images, before a Flatten, or over what a Dense gives.',
  );
}

export const batchNormalization: Builder<'BatchNormalization'> = (operation) => {
  const { axis, epsilon, center, scale } = operation.settings;
  const input = onlyInput(operation);
  expectChannels(operation, input, axis);
  const shape = [input.step.shape[2]];
  let index = 0;
  const read = (name: string) => operation.weight(name, index++, shape).data;
  return batchNorm(operation, input, {
    scale: scale ? read('gamma') : undefined,
    shift: center ? read('beta') : undefined,
    mean: read('moving_mean'),
    variance: read('moving_variance'),
    epsilon,
  });
};

/** (x − mean) / √variance, by channel or of all numbers alike. */
export const normalization: Builder<'Normalization'> = (operation) => {
  const { axis, mean, variance } = operation.settings;
  const input = onlyInput(operation);
  if (axis !== null) expectChannels(operation, input, axis);
  const channels = input.step.shape[2];
  const shape = axis === null ? [] : [channels];
  const given = mean != null && variance != null;
  const means = given ? mean : operation.weight('mean', 0, shape).data;
  const variances = given ? variance : operation.weight('variance', 1, shape).data;
  // How many numbers they were computed from.
  if (!given) operation.leave('count', 2);
  const of = (values: ArrayLike<number>, c: number) => values[values.length === 1 ? 0 : c];
  const scale = new Float64Array(channels);
  const shift = new Float64Array(channels);
  for (let c = 0; c < channels; c++) {
    const [m, v] = [of(means, c), of(variances, c)];
    if (m === undefined || v === undefined || v < 0) {
      throw refuse(
        operation,
        `its means and variances do not fit ${channels} channels, or are negative`,
        'Adapt the layer to images of these channels, and save the network again.',
      );
    }
    scale[c] = 1 / Math.max(Math.sqrt(v), leastDeviation);
    shift[c] = -m * scale[c]!;
  }
  return affine(operation, input, { scale, shift });
};

/** x · scale + offset, of all numbers alike or by channel. */
export const rescaling: Builder<'Rescaling'> = (operation) => {
  const { scale, offset } = operation.settings;
  const input = onlyInput(operation);
  const channels = input.step.shape[2];
  if (scale.length > 1 || offset.length > 1) expectChannels(operation, input, -1);
  const all = (values: readonly number[]): Float64Array => {
    if (values.length === channels) return Float64Array.from(values);
    if (values.length === 1) return new Float64Array(channels).fill(values[0]!);
    throw refuse(
      operation,
      `it has ${values.length} numbers for ${channels} channels`,
      'Give one number, or one for each channel.',
    );
  };
  return affine(operation, input, { scale: all(scale), shift: all(offset) });
};
