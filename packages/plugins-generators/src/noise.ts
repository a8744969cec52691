import { z } from 'zod';

import { defineStage, input, output, type Images } from '@privatesnn/core';
import { annLogits, projectPixels, TENSOR_RUNTIME } from '@privatesnn/runtime-tfjs';

import { sampleOptions } from './synthesis-options.js';

const options = z.strictObject({
  samples: sampleOptions.samples.describe('How many images in total.'),
  distribution: z
    .enum(['uniform', 'gaussian'])
    .default('uniform')
    .describe(
      'Of every pixel: uniform over the input range, or Gaussian and cut off at the ends of the range.',
    ),
  mean: z
    .number()
    .min(0)
    .max(1)
    .default(0.5)
    .describe('Mean of the Gaussian, as a part of the input range: 0 its low end, 1 its high end.'),
  deviation: z
    .number()
    .positive()
    .default(0.25)
    .describe('Standard deviation of the Gaussian, as a part of the input range.'),
});

export const noise = defineStage({
  kind: 'generator',
  id: 'noise',
  version: 1,
  summary: 'Makes images of independent random pixels: a control, and Gaussian calibration data.',
  source: 'Gaussian: Haroush et al. 2020, the scheme without optimisation',
  options,
  inputs: { ann: input('ann', 'the network that the images are for') },
  outputs: {
    images: output('images', "noise; labels are the ANN's answers, soft labels its probabilities"),
  },
  dependencies: { runtime: TENSOR_RUNTIME },
  create: ({ runtime }, { samples, distribution, mean, deviation }) => ({
    async run(context, { ann }) {
      const [height, width, channels] = ann.architecture.inputShape;
      const { classes } = ann.architecture;
      const [low, high] = ann.inputRange;
      const random = context.random('pixels');
      const draw =
        distribution === 'uniform'
          ? () => random.uniform()
          : () => mean + deviation * random.normal();
      const pixels = Float32Array.from(
        { length: samples * height * width * channels },
        () => low + (high - low) * draw(),
      );
      projectPixels(pixels, ann.inputRange, 'clip');
      const unlabelled: Images = {
        type: 'images',
        shape: [samples, height, width, channels],
        pixels,
        range: ann.inputRange,
        labels: new Int32Array(samples),
        classNames: ann.classNames,
        origin: 'synthetic',
      };
      const logits = await annLogits(runtime, ann, unlabelled, {
        signal: context.signal,
        onProgress: (done, total) => context.progress(done, total),
      });
      const softLabels = new Float32Array(logits.length);
      const labels = new Int32Array(samples);
      for (let i = 0; i < samples; i++) {
        const row = logits.subarray(i * classes, (i + 1) * classes);
        const largest = row.reduce((a, b) => Math.max(a, b), -Infinity);
        const weights = row.map((value) => Math.exp(value - largest));
        const total = weights.reduce((a, b) => a + b, 0);
        softLabels.set(
          weights.map((value) => value / total),
          i * classes,
        );
        labels[i] = row.indexOf(largest);
      }
      return { images: { ...unlabelled, labels, softLabels } };
    },
  }),
});
