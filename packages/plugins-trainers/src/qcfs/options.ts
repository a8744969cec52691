import { z } from 'zod';

/** Options of fine-tuning a network for few time-steps. */
export const qcfsOptions = z.strictObject({
  timeSteps: z
    .int()
    .min(1)
    .default(8)
    .describe('T: activations are rounded to T + 1 levels. Convert with as many time-steps.'),
  scale: z
    .number()
    .positive()
    .default(1)
    .describe('α, the factor on the thresholds of least error, from which the training starts.'),
  heldOut: z
    .number()
    .gt(0)
    .lt(1)
    .default(0.1)
    .describe(
      'The part of the images, of every class its share, that is not trained on: on it the network is compared with the teacher.',
    ),
  epochs: z.int().min(1).default(3).describe('Passes over the training images.'),
  batchSize: z.int().min(1).default(32).describe('Images of one step.'),
  learningRate: z
    .number()
    .positive()
    .default(5e-5)
    .describe(
      'Learning rate of Adam for weights and biases; it falls along a half cosine to 0. Ten times more can destroy the network.',
    ),
  thresholdRate: z
    .number()
    .positive()
    .default(1e-3)
    .describe("The same for the thresholds' logarithms."),
  activationWeight: z
    .number()
    .min(0)
    .default(1)
    .describe("w, the weight of the activations' error beside that of the logits."),
  flip: z.boolean().default(true).describe('Augmentation: mirror half of the images.'),
  shift: z
    .int()
    .min(0)
    .default(2)
    .describe('Augmentation: move images by up to this many pixels (padding and random crop).'),
});

export type QcfsOptions = z.output<typeof qcfsOptions>;
