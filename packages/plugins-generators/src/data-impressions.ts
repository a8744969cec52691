import { z } from 'zod';

import {
  defineStage,
  input,
  output,
  summingLayers,
  UserError,
  weightOf,
  type Architecture,
  type WeightedLayer,
} from '@privatesnn/core';
import { TENSOR_RUNTIME } from '@privatesnn/runtime-tfjs';

import { balancedLabels } from './balanced-labels.js';
import { concentrations } from './class-similarity.js';
import { sampleDirichlet } from './dirichlet.js';
import { dataImpressionsPresets } from './presets.js';
import { withPresetNotes } from './shape.js';
import { synthesise } from './synthesise.js';
import { sampleOptions, synthesisOptions } from './synthesis-options.js';

const options = z.strictObject(
  withPresetNotes(
    {
      ...sampleOptions,
      similarity: z
        .enum(['cosine', 'paper-literal'])
        .default('cosine')
        .describe(
          'How class similarity is computed from the last layer: `cosine`, each row scaled to [0, 1] (Nayak 2019, the public code), or `paper-literal`, Eq. 2 as printed, negative values taken as 0.',
        ),
      beta: z
        .number()
        .positive()
        .default(1)
        .describe('β: similarity times this is the Dirichlet concentration.'),
      epsilon: z
        .number()
        .positive()
        .default(1e-4)
        .describe('ε: added to every concentration, which must be positive.'),
      labels: z
        .enum(['soft', 'hard'])
        .default('soft')
        .describe('What an image is made for: the sampled soft label, or its class alone.'),
      ...synthesisOptions,
      iterations: synthesisOptions.iterations.describe(
        'Steps, at most; the public code takes 1500 on MNIST.',
      ),
    },
    dataImpressionsPresets,
  ),
);

export const dataImpressions = defineStage({
  kind: 'generator',
  id: 'data-impressions',
  version: 2,
  summary:
    'Makes images that the ANN answers with soft labels sampled from the similarity of its classes.',
  source: 'PrivateSNN (AAAI 2022), Eq. 2 and Algorithm 2, step 1; Nayak et al. 2019',
  options,
  presets: dataImpressionsPresets,
  inputs: { ann: input('ann', 'the network whose training data the images replace') },
  outputs: { images: output('images', 'synthetic images with the soft labels they were made for') },
  dependencies: { runtime: TENSOR_RUNTIME },
  create: ({ runtime }, settings) => ({
    async run(context, { ann }) {
      const last = lastWeighted(ann.architecture);
      const { classes } = ann.architecture;
      const alpha = concentrations(weightOf(ann.parameters, last), settings);
      const labels = balancedLabels(classes, settings);
      const random = context.random('soft-labels');
      const targets = new Float32Array(labels.length * classes);
      labels.forEach((label, i) => {
        if (settings.labels === 'hard') targets[i * classes + label] = 1;
        else {
          const row = alpha.subarray(label * classes, (label + 1) * classes);
          targets.set(sampleDirichlet(row, random), i * classes);
        }
      });
      const images = await synthesise(runtime, context, {
        ann,
        labels,
        targets,
        options: settings,
      });
      return { images };
    },
  }),
});

/** The layer whose weights say how like its classes are: the last, which gives the logits. */
function lastWeighted(architecture: Architecture): WeightedLayer {
  const last = summingLayers(architecture).at(-1)!;
  if (last.kind !== 'add') return last;
  throw new UserError(
    'configuration',
    'CLASS_SIMILARITY',
    `Expected a network whose last layer has weights, of which the similarity of classes is known, but that of ${architecture.name} is the add "${last.name}".`,
    { hint: 'Take another generator.' },
  );
}
