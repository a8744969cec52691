import { viewText } from '../../steps/feature.js';
import { refuse } from '../../steps/refusal.js';
import { type Operation, exportAgain, numbers, tensor } from '../operation.js';
import type { Feature } from '../../steps/step.js';
import { type Axis, type Shape, sizeOf } from '../../steps/view.js';

/** A constant that is broadcast over a feature, as one number a channel. */
export function byChannel(
  operation: Operation,
  at: number,
  { step, view }: Omit<Feature, 'kind'>,
): Float64Array {
  const value = operation.inputs[at];
  const channels = step.shape[2];
  if (value === undefined) throw refuse(operation, `its input ${at + 1} is missing`, exportAgain);
  if (value.kind === 'feature') {
    throw refuse(
      operation,
      'it multiplies or subtracts two things that both come from the image',
      'Products of activations (gates, attention, squeeze-and-excitation) have no counterpart in a spiking network here: take a network without them.',
    );
  }
  const constant = tensor(operation, at);
  const data = numbers(operation, constant);
  // Right-aligned, as broadcasting is; the first dimension counts images.
  const given = [...constant.shape];
  const rank = view.length + 1;
  const excess = given.slice(0, Math.max(0, given.length - rank));
  const sizes = given.slice(excess.length);
  while (sizes.length < rank) sizes.unshift(1);
  const fits =
    excess.length === 0 &&
    sizes[0] === 1 &&
    sizes.slice(1).every((size, i) => size === 1 || size === extent(view[i]!, step.shape));
  if (!fits) {
    throw refuse(
      operation,
      `its constant of ${given.join(' × ') || 'no dimensions'} does not fit ${viewText(view)}`,
      'Let constants be one number, or one for each channel.',
    );
  }
  const result = new Float64Array(channels);
  const seen = new Uint8Array(channels);
  // Walks the constant; each of its elements stands for some channel, or for all.
  const index = sizes.slice(1).map(() => 0);
  for (const number of data) {
    const channel = channelAt(index, sizes.slice(1), view, step.shape);
    const [from, to] = channel === undefined ? [0, channels] : [channel, channel + 1];
    for (let c = from; c < to; c++) {
      if (seen[c] && result[c] !== number) {
        throw refuse(
          operation,
          'its constant has different numbers for the pixels of a channel',
          'Let constants be one number, or one for each channel.',
        );
      }
      seen[c] = 1;
      result[c] = number;
    }
    for (let d = index.length - 1; d >= 0; d--) {
      index[d]!++;
      if (index[d]! < sizes[d + 1]!) break;
      index[d] = 0;
    }
  }
  return result;
}

const extent = (axes: readonly Axis[], shape: Shape) =>
  axes.reduce((product, axis) => product * sizeOf(shape, axis), 1);

/** The channel at a place of a constant; undefined where the constant is the same for all. */
function channelAt(
  index: readonly number[],
  sizes: readonly number[],
  view: readonly (readonly Axis[])[],
  shape: Shape,
): number | undefined {
  for (const [d, axes] of view.entries()) {
    const at = axes.indexOf('c');
    if (at < 0 || sizes[d] === 1) continue;
    const below = axes.slice(at + 1).reduce((product, axis) => product * sizeOf(shape, axis), 1);
    return Math.floor(index[d]! / below) % shape[2];
  }
  return shape[2] === 1 ? 0 : undefined;
}
