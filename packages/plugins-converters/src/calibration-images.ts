import {
  partOfImages,
  permutation,
  selectImages,
  type Images,
  type RandomStream,
} from '@privatesnn/core';
import { augmentedPixels } from '@privatesnn/runtime-tfjs';
import { z } from 'zod';

/** Options of which images calibrate a network, and how they are changed before. */
export const calibrationOptions = {
  samples: z
    .int()
    .min(1)
    .default(1000)
    .describe('Calibration images: so many of the images (all where there are fewer).'),
  draw: z
    .enum(['spread', 'random'])
    .default('spread')
    .describe(
      'Which of the images: every class in its share, or as many drawn at random from all.',
    ),
  cropPadding: z
    .int()
    .min(0)
    .default(0)
    .describe(
      'They are random crops: each image is padded by so many of the darkest pixels on every side, and a part of its ' +
        'own size cut out; 0 for the whole image.',
    ),
  flip: z.boolean().default(false).describe('Half of them are mirrored left to right.'),
};

type CalibrationOptions = z.output<z.ZodObject<typeof calibrationOptions>>;

/** The images that a network is calibrated on. @param random source of the draw, the crops and the flips */
export function calibrationImages(
  images: Images,
  { samples, draw, cropPadding, flip }: CalibrationOptions,
  random: RandomStream,
): Images {
  const drawn =
    draw === 'spread'
      ? partOfImages(images, samples)
      : selectImages(images, permutation(images.shape[0], random).subarray(0, samples));
  if (cropPadding === 0 && !flip) return drawn;
  const all = Array.from({ length: drawn.shape[0] }, (_, i) => i);
  const changes = { shift: cropPadding, flip };
  return { ...drawn, pixels: augmentedPixels(drawn, all, drawn.range, changes, random) };
}
