import { z } from 'zod';

import { defineStage, input, output } from '@privatesnn/core';
import { TENSOR_RUNTIME } from '@privatesnn/runtime-tfjs';

import { balancedLabels } from './balanced-labels.js';
import { smoothnessPrior, totalVariationPrior } from './image-priors.js';
import { withDefaults } from './shape.js';
import { synthesise } from './synthesise.js';
import { sampleOptions, synthesisOptions } from './synthesis-options.js';

const options = z.strictObject({
  ...sampleOptions,
  prior: z
    .enum(['smoothness', 'total-variation'])
    .default('smoothness')
    .describe(
      'What keeps images natural: `smoothness`, the squared distance from their blurred selves (sigma 1), or `total-variation`, the squared differences between neighbours.',
    ),
  priorWeight: z.number().min(0).default(10).describe("The prior's factor in the loss."),
  ...withDefaults(synthesisOptions, {
    temperature: 1,
    learningRate: 0.05,
    iterations: 200,
    initialisation: 'input-range',
    projection: 'clip-each-step',
  }),
});

export const inception = defineStage({
  kind: 'generator',
  id: 'inception',
  version: 3,
  summary: 'Makes images of one class each, by cross-entropy with a prior for smooth images.',
  source: 'Haroush et al. 2020, the "inception" scheme',
  options,
  inputs: { ann: input('ann', 'the network whose training data the images replace') },
  outputs: { images: output('images', 'synthetic images; soft labels are one-hot') },
  dependencies: { runtime: TENSOR_RUNTIME },
  create: ({ runtime }, settings) => ({
    async run(context, { ann }) {
      const { classes } = ann.architecture;
      const labels = balancedLabels(classes, settings);
      const targets = new Float32Array(labels.length * classes);
      labels.forEach((label, i) => (targets[i * classes + label] = 1));
      const images = await synthesise(runtime, context, {
        ann,
        labels,
        targets,
        prior: (tf, x) =>
          tf.mul(
            settings.prior === 'smoothness'
              ? smoothnessPrior(tf, x, 1)
              : totalVariationPrior(tf, x),
            settings.priorWeight,
          ),
        options: settings,
      });
      return { images };
    },
  }),
});
