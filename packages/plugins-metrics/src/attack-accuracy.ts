import { assertImagesFit, defineStage, input, output } from '@privatesnn/core';
import { annLogits, TENSOR_RUNTIME } from '@privatesnn/runtime-tfjs';
import { countMatches, countTies, predictedClasses, warnOfTies } from '@privatesnn/spiking';
import { z } from 'zod';

import { softmax } from './softmax.js';
import { classPictures } from './pictures.js';
import { spreadImages } from './spread.js';
import { wilson } from './wilson.js';

/** The class-leakage score: whether an independent classifier recognises what an attacker took out of the weights. */
export const attackAccuracy = defineStage({
  kind: 'metric',
  id: 'attack-accuracy',
  version: 3,
  summary:
    'Class-leakage score: how often an independently trained classifier recognises the class of an attack image.',
  source: 'after PrivateSNN, Section 5.3; Nayak 2019',
  options: z.strictObject({
    batch: z.int().positive().default(200).describe('Images of one forward pass.'),
    perClass: z.int().positive().default(1).describe('Pictures shown of each class.'),
    scaling: z
      .enum(['image', 'range'])
      .default('image')
      .describe(
        "What becomes black and white in the pictures: each image's smallest and largest pixel (image), or the ends of the pixel range (range). The score does not depend on it.",
      ),
    title: z.string().default('Class images from the attack').describe('Heading of the pictures.'),
  }),
  inputs: {
    attacked: input('images', 'class images that an attacker made; the label is the target class'),
    classifier: input(
      'ann',
      "a classifier trained independently of the victim: not its ANN, nor the attacker's",
    ),
  },
  outputs: {
    metrics: output(
      'scalars',
      'attackAccuracy, wilsonLow, wilsonHigh, chance, leakage = max(0, (attackAccuracy − chance)/(1 − chance)), meanTargetProbability, images, ties (images without a single largest logit, which count as wrong)',
    ),
    pictures: output('pictures', 'the class images, labelled by class'),
  },
  dependencies: { runtime: TENSOR_RUNTIME },
  create: ({ runtime }, { batch, perClass, scaling, title }) => ({
    async run(context, { attacked, classifier }) {
      assertImagesFit(attacked, classifier.architecture);
      const images = spreadImages(attacked, null);
      const { classes } = classifier.architecture;
      const count = images.shape[0];
      const logits = await annLogits(runtime, classifier, images, {
        batchSize: batch,
        signal: context.signal,
        onProgress: (done, total) => context.progress(done, total, 'classifier'),
      });
      const predicted = predictedClasses(logits, classes);
      const ties = countTies(predicted);
      warnOfTies(context, 'the classifier', ties, count);
      const correct = countMatches(predicted, images.labels);
      const accuracy = correct / count;
      const [wilsonLow, wilsonHigh] = wilson(correct, count);
      const chance = 1 / classes;
      let probability = 0;
      images.labels.forEach((target, i) => {
        probability += softmax(logits.subarray(i * classes, (i + 1) * classes))[target]!;
      });
      return {
        metrics: {
          type: 'scalars',
          values: {
            attackAccuracy: accuracy,
            wilsonLow,
            wilsonHigh,
            chance,
            leakage: classes > 1 ? Math.max(0, (accuracy - chance) / (1 - chance)) : null,
            meanTargetProbability: probability / count,
            images: count,
            ties,
          },
        },
        // The victim may have been loaded without class names; the classifier knows them from its data.
        pictures: classPictures(
          { ...images, classNames: classifier.classNames },
          title,
          perClass,
          scaling,
        ),
      };
    },
  }),
});
