import { defineStage, input, output } from '@privatesnn/core';
import { z } from 'zod';

/**
 * Images of sine waves with a random direction, frequency and phase. Threshold balancing needs images only to see
 * how large the currents get; these look nothing like the data that the network was trained on.
 */
export default defineStage({
  kind: 'generator',
  id: 'stripes',
  version: 1,
  summary: 'Makes images of stripes: calibration images that know nothing of the classes.',
  options: z.strictObject({
    samples: z.int().min(1).default(100).describe('How many images.'),
    periods: z.number().positive().default(4).describe('Most periods of the wave in one image.'),
  }),
  inputs: {
    ann: input('ann', 'the network that the images are for; only its input shape is used'),
  },
  outputs: { images: output('images', 'stripes; the labels are all 0, for they mean nothing') },
  dependencies: {},
  create: (_, { samples, periods }) => ({
    async run(context, { ann }) {
      const [height, width, channels] = ann.architecture.inputShape;
      const [low, high] = ann.inputRange;
      const size = height * width * channels;
      const pixels = new Float32Array(samples * size);
      for (let image = 0; image < samples; image++) {
        context.signal.throwIfAborted();
        // A stream for each image: more samples do not change the first ones.
        const random = context.random(`image/${image}`);
        const angle = Math.PI * random.uniform();
        const frequency = (2 * Math.PI * periods * random.uniform()) / Math.max(height, width);
        const phase = 2 * Math.PI * random.uniform();
        for (let i = 0; i < size; i++) {
          const place = Math.floor(i / channels);
          const along =
            (place % width) * Math.cos(angle) + Math.floor(place / width) * Math.sin(angle);
          const wave = (1 + Math.sin(frequency * along + phase)) / 2;
          pixels[image * size + i] = low + (high - low) * wave;
        }
        context.progress(image + 1, samples);
      }
      return {
        images: {
          type: 'images',
          shape: [samples, height, width, channels],
          pixels,
          range: ann.inputRange,
          labels: new Int32Array(samples),
          classNames: ann.classNames,
          origin: 'synthetic',
        },
      };
    },
  }),
});
