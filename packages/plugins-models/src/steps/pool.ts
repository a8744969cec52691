import { shaped } from './feature.js';
import { refuse, type Place } from './refusal.js';
import type { Padding, Pair, PoolStep, Step } from './step.js';
import type { Window } from './window.js';

const none: Padding = [0, 0, 0, 0];

/**
 * A pooling.
 *
 * @param countPadded whether an average counts padded pixels
 * @throws UserError where a window has gaps, or no pixel of the image
 */
export function poolStep(
  place: Place,
  kind: PoolStep['kind'],
  input: Step,
  window: Window,
  countPadded: boolean,
): Step {
  const { node } = place;
  const [height, width, channels] = input.shape;
  const { size, stride, padding } = window;
  if (window.dilation.some((pixels) => pixels !== 1) && size.some((pixels) => pixels > 1)) {
    throw refuse(place, 'its windows have gaps ("dilations")', 'Pool without dilation.');
  }
  const padded = padding.some((pixels) => pixels > 0);
  const [top, bottom, left, right] = padding;
  const last = (count: number, step: number, before: number) => (count - 1) * step - before;
  if (
    top >= size[0] ||
    left >= size[1] ||
    last(window.output[0], stride[0], top) >= height ||
    last(window.output[1], stride[1], left) >= width
  ) {
    throw refuse(
      place,
      'a window of it lies wholly in the padding',
      'Pad less than the size of the window.',
    );
  }
  const shape = shaped(...window.output, channels);
  // A window of one pixel without padding takes every so many-th pixel, as ResNet's option A does.
  if (size.join() === '1,1' && !padded) {
    return { kind: 'shortcut', node, inputs: [input], shape, stride, before: 0, after: 0 };
  }
  const [below, beside] = window.overhang;
  if (kind === 'average-pool' && countPadded && below + beside > 0) {
    // The pixels of the padding count, and those that "ceil_mode" adds do not: the former become pixels of the image.
    const around: Padding = [top, bottom - below, left, right - beside];
    return {
      kind,
      node,
      inputs: [padStep(place, input, around)],
      shape,
      size,
      stride,
      padding: [0, below, 0, beside],
      countPadded: false,
    };
  }
  return { kind, node, inputs: [input], shape, size, stride, padding, countPadded };
}

/** Zero pixels around an image; the image itself where there are none. */
export function padStep({ node }: Place, input: Step, padding: Padding): Step {
  if (padding.every((pixels) => pixels === 0)) return input;
  const [top, bottom, left, right] = padding;
  const [height, width, channels] = input.shape;
  const shape = shaped(height + top + bottom, width + left + right, channels);
  return { kind: 'pad', node, inputs: [input], shape, padding };
}

/** A pooling of all pixels of a channel. */
export function wholeImage({ node }: Place, kind: PoolStep['kind'], input: Step): Step {
  const [height, width, channels] = input.shape;
  const size: Pair = [height, width];
  return {
    kind,
    node,
    inputs: [input],
    shape: [1, 1, channels],
    size,
    stride: size,
    padding: none,
    countPadded: true,
  };
}
