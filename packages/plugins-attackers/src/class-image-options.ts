import { z } from 'zod';

/** Options that every attacker has. */
export const ascentOptions = {
  imagesPerClass: z
    .int()
    .min(1)
    .default(1)
    .describe('How many images of each class, each from its own random start.'),
  batchSize: z.int().min(1).default(100).describe('How many images are optimised together.'),
  iterations: z.int().min(1).default(100).describe('N, the number of steps; the paper names none.'),
  initialisation: z
    .enum(['unit', 'input-range'])
    .default('unit')
    .describe(
      "Where the images start: `unit`: uniform in [0, 1], as printed; `input-range`: uniform over the network's input range.",
    ),
  optimizer: z
    .enum(['plain', 'adam'])
    .default('plain')
    .describe(
      '`plain`: the step is `learningRate` times ∂y_c/∂x, as printed; `adam`: Adam with `learningRate`.',
    ),
  normaliseGradient: z
    .boolean()
    .default(false)
    .describe("Divides each image's gradient by its root mean square."),
  projection: z
    .enum(['clip-at-end', 'clip-each-step', 'min-max-at-end'])
    .default('min-max-at-end')
    .describe(
      "How pixels are brought into the network's input range: cut off after the last step or after each one, or each image stretched to the range after the last step. The paper names none.",
    ),
  blurSigma: z
    .number()
    .positive()
    .default(0.5)
    .describe("Standard deviation of the blur's Gaussian kernel, in pixels."),
  blurSize: z
    .int()
    .min(1)
    .refine((size) => size % 2 === 1, 'expected an odd number')
    .default(3)
    .describe('Pixels of the kernel in each direction, odd.'),
  jitter: z
    .int()
    .min(0)
    .default(0)
    .describe(
      'Before each step the images are rolled by up to this many pixels, and back after it.',
    ),
  flip: z
    .boolean()
    .default(false)
    .describe(
      'Mirrors the images left to right in half of the steps; wrong for digits and letters.',
    ),
};

/** Options of attackers that climb a network without spikes, by Algorithm 1. */
export const algorithm1Options = {
  ...ascentOptions,
  learningRate: z.number().positive().default(6).describe('η, the step on the pixels.'),
  blurEvery: z
    .int()
    .min(0)
    .default(4)
    .describe('f_blur: blurs the images at every so many iterations; 0: never.'),
  objective: z
    .enum(['logit', 'log-probability'])
    .default('logit')
    .describe(
      'What is made large: y_c, before the softmax, or the logarithm of the probability after it.',
    ),
};

export type ClassImageOptions = z.output<z.ZodObject<typeof ascentOptions>>;
export type Algorithm1Options = z.output<z.ZodObject<typeof algorithm1Options>>;

/** What gave the clearest pictures: Adam within the pixel range, small moves of the images, a wider blur. */
export const tunedAscent = {
  optimizer: 'adam',
  learningRate: 0.05,
  initialisation: 'input-range',
  projection: 'clip-each-step',
  jitter: 3,
  flip: true,
  blurSigma: 0.7,
} as const;
