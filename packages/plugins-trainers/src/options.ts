import { z } from 'zod';

import { allSurrogateOptions, lossOptions, optimizerOptions } from './part-options.js';

/** Options of spike-based training. The defaults are the paper's (AAAI). */
export const stbpOptions = z.strictObject({
  samples: z
    .int()
    .min(1)
    .default(5000)
    .describe(
      'Training images: so many of the images, of every class its share (all where there are fewer).',
    ),
  epochs: z.int().min(1).default(20).describe('Passes over the training images.'),
  batchSize: z.int().min(1).default(16).describe('Images of one optimizer step.'),
  ...optimizerOptions(),
  learningRate: z.number().positive().default(1e-4).describe('Learning rate of the first epoch.'),
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
  distillation: z
    .boolean()
    .default(true)
    .describe(
      'On: the loss of Eq. 3 (on-device distillation). Off: the loss against the label alone (CET without OD).',
    ),
  m: z
    .number()
    .min(0)
    .max(1)
    .default(0.7)
    .describe('The weight of the distillation loss in Eq. 3.'),
  temperature: z.number().positive().default(20).describe('τ, the distillation temperature.'),
  timesSquaredTemperature: z
    .boolean()
    .default(true)
    .describe('Whether the distillation loss is multiplied by τ² (Hinton 2015).'),
  ...lossOptions,
  labels: z
    .enum(['hard', 'soft'])
    .default('hard')
    .describe(
      "Y, the target of the loss: each image's class, or the soft label that it was made for.",
    ),
  readout: z
    .enum(['keep', 'sum', 'mean', 'fitted'])
    .default('keep')
    .describe(
      "The network's read-out as the converter left it, the summed potential, its mean over time, or the sum " +
        "times a factor fitted to the teacher's logits before training.",
    ),
  ...allSurrogateOptions,
  detachReset: z
    .boolean()
    .default(true)
    .describe(
      "Whether ∂u(t+1)/∂u(t) is λ, as it follows from Eq. 1, or also counts the reset's dependence on the spike. " +
        'With Eq. 5 and θ > 2 the latter grows without bound in time.',
    ),
  dropout: z
    .boolean()
    .default(false)
    .describe(
      "Whether the architecture's dropout acts while training, one mask for all time-steps of an image.",
    ),
  trainThresholds: z.boolean().default(false).describe('Whether the thresholds are trained too.'),
  weightNoise: z
    .number()
    .min(0)
    .default(0)
    .describe(
      "Before training, Gaussian noise of this many times a layer's root-mean-square weight is added to it; " +
        '0, as in the paper, starts from the converted weights.',
    ),
  memoryBudget: z
    .int()
    .min(1)
    .default(512)
    .describe('Megabytes that one thread may keep for the backward pass.'),
});

export type StbpOptions = z.output<typeof stbpOptions>;
