import { z } from 'zod';

import type { Immutable } from './immutable.js';
import {
  float32Array,
  int32Array,
  name,
  pixelRange,
  size,
  uint8Array,
  type PixelRange,
} from './values.js';

export const imagesSchema = z
  .strictObject({
    type: z.literal('images'),
    /** [count, height, width, channels]. */
    shape: z.tuple([z.int().min(0), size, size, size]),
    /** Row-major pixels in `range`: bytes for files (range [0, 255]), floats for what is computed. */
    pixels: z.union([uint8Array, float32Array], 'Expected a Uint8Array or a Float32Array'),
    range: pixelRange,
    /** The class of each image, [count]. */
    labels: int32Array,
    /** Class probabilities, [count, classes], where the images were made for them. */
    softLabels: float32Array.optional(),
    /**
     * 1 for images whose maker got no gradient from the network at any step, so that they show nothing of it; 0 for
     * the others, [count]. Left out where there are none.
     */
    withoutGradient: uint8Array.optional(),
    classNames: z.array(name).min(1),
    /** Whether any pixel comes from a dataset. */
    origin: z.enum(['real', 'synthetic']),
  })
  .superRefine(
    ({ shape, pixels, range, labels, softLabels, withoutGradient, classNames }, context) => {
      const fault = (field: string, message: string) =>
        context.addIssue({ code: 'custom', path: [field], message });
      const [count, ...image] = shape;
      const numbers = image.reduce((product, one) => product * one, count);
      const classes = classNames.length;
      if (pixels.length !== numbers) {
        fault(
          'pixels',
          `Expected ${numbers} of them for shape ${shape.join(' × ')}, received ${pixels.length}`,
        );
      }
      const outside = firstOutside(pixels, range);
      if (outside !== undefined) {
        fault('pixels', `Expected numbers from ${range[0]} to ${range[1]}, received ${outside}`);
      }
      if (labels.length !== count) {
        fault('labels', `Expected ${count}, one for each image, received ${labels.length}`);
      }
      const wrong = labels.find((label: number) => label < 0 || label >= classes);
      if (wrong !== undefined) {
        fault('labels', `Expected classes from 0 to ${classes - 1}, received ${wrong}`);
      }
      if (withoutGradient && withoutGradient.length !== count) {
        fault('withoutGradient', `Expected ${count} of them, received ${withoutGradient.length}`);
      }
      if (withoutGradient?.some((flag: number) => flag > 1)) {
        fault('withoutGradient', 'Expected 0 and 1 only');
      }
      if (softLabels && softLabels.length !== count * classes) {
        fault(
          'softLabels',
          `Expected ${count} × ${classes} of them, received ${softLabels.length}`,
        );
      }
    },
  );

/** Images, channels-last. */
export interface Images extends Immutable<z.output<typeof imagesSchema>> {}

/** The first pixel that is not in the range; the range's ends may be rounded to float32. */
function firstOutside(
  pixels: Uint8Array | Float32Array,
  [low, high]: PixelRange,
): number | undefined {
  if (pixels instanceof Uint8Array && low <= 0 && high >= 255) return undefined;
  const [least, most] = [Math.min(low, Math.fround(low)), Math.max(high, Math.fround(high))];
  for (let i = 0; i < pixels.length; i++) {
    if (!(pixels[i]! >= least && pixels[i]! <= most)) return pixels[i];
  }
  return undefined;
}
