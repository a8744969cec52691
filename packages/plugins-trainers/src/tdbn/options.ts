import { z } from 'zod';

import { lossOptions, optimizerOptions, surrogateOptions } from '../part-options.js';

/** Options of training with threshold-dependent batch normalisation. */
export const tdbnOptions = z.strictObject({
  samples: z
    .int()
    .min(1)
    .default(50_000)
    .describe(
      'Training images: so many of the images, of every class its share (all where there are fewer).',
    ),
  epochs: z.int().min(1).default(20).describe('Passes over the training images.'),
  batchSize: z
    .int()
    .min(2)
    .default(32)
    .describe('Images of one optimizer step; the statistics are taken over them and all T.'),
  ...lossOptions,
  ...optimizerOptions({ optimizer: 'sgd', sgdMomentum: 0.9 }),
  learningRate: z.number().positive().default(0.05).describe('Learning rate of the first epoch.'),
  milestones: z
    .array(z.number().min(0).max(1))
    .default([0.5, 0.7])
    .describe('Parts of the training after which the learning rate is divided.'),
  divideBy: z
    .number()
    .min(1)
    .default(10)
    .describe('What the learning rate is divided by at each milestone.'),
  timeSteps: z
    .int()
    .min(1)
    .optional()
    .describe("T of the training; the network's own when left out."),
  alpha: z
    .number()
    .positive()
    .default(1)
    .describe('α: normalised currents have the standard deviation α·θ at the start.'),
  epsilon: z.number().positive().default(1e-5).describe('Added to the variance.'),
  momentum: z
    .number()
    .min(0)
    .lt(1)
    .default(0.9)
    .describe('The part of the running statistics that a batch leaves as it is.'),
  // 1/(2θ) where |u − θ| < θ: Zheng's 1/a where |u − θ| < a/2, with a = 1 and θ = 0.5.
  ...surrogateOptions({ surrogate: 'rectangle', gamma: 0.5, width: 2, divideByTheta: true }),
});

export type TdbnOptions = z.output<typeof tdbnOptions>;
