import { defineStage, input, output } from '@privatesnn/core';
import { z } from 'zod';

import { classPictures } from './pictures.js';
import { spreadImages } from './spread.js';

/** Images of each class, to look at. */
export const classImages = defineStage({
  kind: 'metric',
  id: 'class-images',
  version: 1,
  summary: 'Pictures of each class, for people to compare with what an attacker makes.',
  source: 'This project, for Figs. 2 and 6 of PrivateSNN',
  options: z.strictObject({
    perClass: z.int().positive().default(1).describe('Pictures of each class.'),
    scaling: z
      .enum(['image', 'range'])
      .default('range')
      .describe(
        "What becomes black and white: each image's smallest and largest pixel (image), or the ends of the pixel range (range).",
      ),
    title: z.string().default('Images by class').describe('Heading of the pictures.'),
  }),
  inputs: { images: input('images', 'images with their labels') },
  outputs: { pictures: output('pictures', 'the first images of each class') },
  dependencies: {},
  create: (_, { perClass, scaling, title }) => ({
    async run(context, { images }) {
      context.signal.throwIfAborted();
      return { pictures: classPictures(spreadImages(images, null), title, perClass, scaling) };
    },
  }),
});
