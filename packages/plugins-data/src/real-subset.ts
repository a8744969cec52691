import { z } from 'zod';

import { defineStage, input, output, selectImages, UserError } from '@privatesnn/core';

import { chooseImages } from './choose-images.js';

const options = z.strictObject({
  samples: z
    .int()
    .min(1)
    .default(1000)
    .describe('How many images, the same number of each class as far as the classes reach.'),
});

export const realSubset = defineStage({
  kind: 'dataset',
  id: 'real-subset',
  version: 1,
  summary: 'A part of another dataset, balanced over its classes: the control for generators.',
  source: 'Control',
  options,
  inputs: { images: input('images', 'the dataset to draw from') },
  outputs: { images: output('images', 'the drawn images with their labels, in random order') },
  dependencies: {},
  create: (_, { samples }) => ({
    async run(context, { images }) {
      context.signal.throwIfAborted();
      const [count] = images.shape;
      if (count < samples) {
        throw new UserError(
          'data',
          'TOO_FEW_IMAGES',
          `${samples} images are to be drawn, but there are only ${count}.`,
          { hint: `Set "samples" to at most ${count}, or take more images of the dataset.` },
        );
      }
      const choice = { limit: samples, shuffle: true };
      const random = context.random('sample');
      const chosen = chooseImages(images.labels, images.classNames.length, choice, random);
      return { images: selectImages(images, chosen) };
    },
  }),
});
