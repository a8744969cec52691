import { z } from 'zod';

/** Options of training with threshold-dependent batch normalisation. */
export const tdbnOptions = z.strictObject({
  samples: z
    .int()
    .min(1)
    .default(50_000)
    .describe('Training images: the first so many of the images (all where there are fewer).'),
  epochs: z.int().min(1).default(20).describe('Passes over the training images.'),
  batchSize: z
    .int()
    .min(2)
    .default(32)
    .describe('Images of one optimizer step; the statistics are taken over them and all T.'),
  optimizer: z.enum(['sgd', 'adam']).default('sgd').describe('SGD with momentum 0.9, or Adam.'),
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
  surrogateWidth: z
    .number()
    .positive()
    .default(2)
    .describe('w of the rectangular surrogate gradient: 1/(w·θ) where |u − θ| < w·θ/2.'),
});

export type TdbnOptions = z.output<typeof tdbnOptions>;
