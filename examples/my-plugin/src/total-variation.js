import { defineStage, input, output } from '@privatesnn/core';
import { z } from 'zod';

/**
 * How rough images are: the mean absolute difference of neighbouring pixels, as a part of the pixel range. A
 * constant image has 0, a chessboard 1. Photographs and digits are far below uniform noise, which has 1/3.
 */
export const totalVariation = defineStage({
  kind: 'metric',
  id: 'total-variation',
  version: 1,
  summary: 'Roughness of images: mean absolute difference of neighbouring pixels.',
  source: 'anisotropic total variation (Rudin et al. 1992), per pair of neighbours',
  options: z.strictObject({
    limit: z.int().min(1).nullable().default(null).describe('How many images; null takes all.'),
  }),
  inputs: { images: input('images', 'images of any origin') },
  outputs: { metrics: output('scalars', 'totalVariation, images') },
  dependencies: {},
  create: (_, { limit }) => ({
    async run(context, { images }) {
      const [available, height, width, channels] = images.shape;
      const count = Math.min(available, limit ?? available);
      const { pixels } = images;
      const row = width * channels;
      let sum = 0;
      let pairs = 0;
      const add = (a, b) => {
        sum += Math.abs(pixels[a] - pixels[b]);
        pairs++;
      };
      for (let image = 0; image < count; image++) {
        context.signal.throwIfAborted();
        const start = image * height * row;
        for (let y = 0; y < height; y++) {
          for (let i = 0; i < row; i++) {
            const here = start + y * row + i;
            if (i + channels < row) add(here, here + channels);
            if (y + 1 < height) add(here, here + row);
          }
        }
        context.progress(image + 1, count);
      }
      const [low, high] = images.range;
      const value = pairs === 0 ? null : sum / pairs / (high - low);
      return { metrics: { type: 'scalars', values: { totalVariation: value, images: count } } };
    },
  }),
});
