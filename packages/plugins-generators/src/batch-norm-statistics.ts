import { z } from 'zod';

import { defineStage, input, output, UserError, type Ann } from '@privatesnn/core';
import { TENSOR_RUNTIME } from '@privatesnn/runtime-tfjs';

import { balancedLabels } from './balanced-labels.js';
import { smoothnessPrior } from './image-priors.js';
import { withDefaults } from './shape.js';
import { statisticsDistance } from './statistics-distance.js';
import { synthesise } from './synthesise.js';
import { sampleOptions, synthesisOptions } from './synthesis-options.js';

const options = z.strictObject({
  ...sampleOptions,
  distance: z
    .enum(['kl', 'squared'])
    .default('kl')
    .describe(
      "How a batch's channel statistics are compared with the stored ones: `kl`, the divergence of Gaussians, or `squared`, the squared differences of means and of standard deviations.",
    ),
  statisticsWeight: z
    .number()
    .min(0)
    .default(1)
    .describe("The distance's factor in the loss; it is the mean over channels and layers."),
  epsilon: z
    .number()
    .positive()
    .default(1e-3)
    .describe('Added to all variances, so that channels that hardly vary do not rule the loss.'),
  priorWeight: z
    .number()
    .min(0)
    .default(1)
    .describe(
      "The smoothness prior's factor in the loss: the squared distance of images from their blurred selves (sigma 1).",
    ),
  ...withDefaults(synthesisOptions, {
    temperature: 1,
    learningRate: 0.05,
    iterations: 200,
    initialisation: 'input-range',
    projection: 'clip-each-step',
  }),
});

export const batchNormStatistics = defineStage({
  kind: 'generator',
  id: 'batch-norm-statistics',
  version: 3,
  summary:
    'Makes images of one class each that match the channel statistics stored by batch normalisation.',
  source: 'Haroush et al. 2020, the scheme of batch-norm statistics',
  options,
  inputs: {
    ann: input('ann', 'the network whose training data the images replace; with batch norm'),
  },
  outputs: { images: output('images', 'synthetic images; soft labels are one-hot') },
  dependencies: { runtime: TENSOR_RUNTIME },
  create: ({ runtime }, settings) => ({
    async run(context, { ann }) {
      const statistics = statisticsOf(ann);
      const { classes } = ann.architecture;
      const labels = balancedLabels(classes, settings);
      const targets = new Float32Array(labels.length * classes);
      labels.forEach((label, i) => (targets[i * classes + label] = 1));
      const images = await synthesise(runtime, context, {
        ann,
        labels,
        targets,
        prior: (tf, x) => tf.mul(smoothnessPrior(tf, x, 1), settings.priorWeight),
        batchTerm: (tf, outputs) =>
          tf.mul(statisticsDistance(tf, outputs, statistics, settings), settings.statisticsWeight),
        options: settings,
      });
      return { images };
    },
  }),
});

function statisticsOf({ architecture, statistics }: Ann): NonNullable<Ann['statistics']> {
  if (statistics && Object.keys(statistics).length > 0) return statistics;
  throw new UserError(
    'data',
    'NO_STATISTICS',
    `Expected a network with statistics of batch normalisation, but ${architecture.name} has none.`,
    {
      hint:
        'Networks have them that "pretrained" loads from a file with batch-norm layers (a tfjs LayersModel, or layout: ' +
        'pytorch-vgg). Use inception or data-impressions for others.',
    },
  );
}
