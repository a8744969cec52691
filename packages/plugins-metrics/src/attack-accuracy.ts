import {
  assertImagesFit,
  assertSameClasses,
  defineStage,
  input,
  output,
  type Scalars,
  type StageContext,
} from '@privatesnn/core';
import { annLogits, TENSOR_RUNTIME } from '@privatesnn/runtime-tfjs';
import { countMatches, countTies, predictedClasses, warnOfTies } from '@privatesnn/spiking';
import { z } from 'zod';

import { noGradient, shapedImages } from './shaped-images.js';
import { softmax } from './softmax.js';
import { classPictures } from './pictures.js';
import { spreadImages } from './spread.js';
import { wilson } from './wilson.js';

/** The class-leakage score: whether an independent classifier recognises what an attacker took out of the weights. */
export const attackAccuracy = defineStage({
  kind: 'metric',
  id: 'attack-accuracy',
  version: 4,
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
      'attackAccuracy, wilsonLow, wilsonHigh, chance, leakage = max(0, (attackAccuracy − chance)/(1 − chance)), meanTargetProbability, images, ties (images without a single largest logit, which count as wrong), withoutGradient (images that no gradient of the network shaped, which the score leaves out; all of them: it is empty)',
    ),
    pictures: output('pictures', 'the class images, labelled by class'),
  },
  dependencies: { runtime: TENSOR_RUNTIME },
  create: ({ runtime }, { batch, perClass, scaling, title }) => ({
    async run(context, { attacked, classifier }) {
      assertImagesFit(attacked, classifier.architecture);
      assertSameClasses(context, attacked, classifier);
      const all = spreadImages(attacked, null);
      const { classes } = classifier.architecture;
      const { images, left } = shapedImages(context, all, 'the score');
      const logits =
        images &&
        (await annLogits(runtime, classifier, images, {
          batchSize: batch,
          signal: context.signal,
          onProgress: (done, total) => context.progress(done, total, 'classifier'),
        }));
      const none = { chance: 1 / classes, withoutGradient: left };
      return {
        metrics: logits
          ? {
              type: 'scalars',
              values: { ...scores(context, logits, images.labels, classes), ...none },
            }
          : emptyScores(none),
        // The victim may have been loaded without class names; the classifier knows them from its data.
        pictures: classPictures(
          { ...all, classNames: classifier.classNames },
          title,
          perClass,
          scaling,
        ),
      };
    },
  }),
});

function scores(context: StageContext, logits: Float32Array, labels: Int32Array, classes: number) {
  const count = labels.length;
  const predicted = predictedClasses(logits, classes);
  const ties = countTies(predicted);
  warnOfTies(context, 'the classifier', ties, count);
  const correct = countMatches(predicted, labels);
  const accuracy = correct / count;
  const [wilsonLow, wilsonHigh] = wilson(correct, count);
  const chance = 1 / classes;
  let probability = 0;
  labels.forEach((target, i) => {
    probability += softmax(logits.subarray(i * classes, (i + 1) * classes))[target]!;
  });
  return {
    attackAccuracy: accuracy,
    wilsonLow,
    wilsonHigh,
    leakage: classes > 1 ? Math.max(0, (accuracy - chance) / (1 - chance)) : null,
    meanTargetProbability: probability / count,
    images: count,
    ties,
  };
}

function emptyScores(rest: { chance: number; withoutGradient: number }): Scalars {
  const names = [
    'attackAccuracy',
    'wilsonLow',
    'wilsonHigh',
    'leakage',
    'meanTargetProbability',
  ] as const;
  return {
    type: 'scalars',
    values: {
      ...Object.fromEntries(names.map((name) => [name, null])),
      images: 0,
      ties: 0,
      ...rest,
    },
    reasons: Object.fromEntries(names.map((name) => [name, noGradient])),
  };
}
