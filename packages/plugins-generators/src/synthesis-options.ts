import { z } from 'zod';

/** Options of every generator that makes images for classes. */
export const sampleOptions = {
  samples: z
    .int()
    .min(1)
    .default(5000)
    .describe('How many images in total, spread evenly over the classes.'),
  samplesPerClass: z
    .int()
    .min(0)
    .default(0)
    .describe('How many images of each class; 0 takes `samples` instead.'),
};

/** Options of generators that optimise pixels; the defaults are the paper's and the public code's. */
export const synthesisOptions = {
  temperature: z.number().positive().default(20).describe('Divides the logits in the loss.'),
  batchSize: z.int().min(1).default(100).describe('How many images are optimised together.'),
  learningRate: z.number().positive().default(1e-3).describe("Adam's step on the pixels."),
  accumulateGradient: z
    .boolean()
    .default(false)
    .describe(
      "Whether Adam is given the sum of an image's gradients so far instead of the last one, as in the public code, which never clears it.",
    ),
  iterations: z.int().min(1).default(2500).describe('Steps, at most.'),
  initialisation: z
    .enum(['unit', 'input-range', 'smooth', 'dead-leaves'])
    .default('unit')
    .describe(
      "Where the optimisation starts: `unit`: uniform in [0, 1]; `input-range`: uniform over the network's input range; `smooth`: uniform on a grid of a quarter of the size, interpolated; `dead-leaves`: random shapes that cover each other, with the contrast and edges of photographs (Lee 2001).",
    ),
  projection: z
    .enum(['clip-at-end', 'clip-each-step', 'min-max-each-step'])
    .default('clip-at-end')
    .describe(
      "How pixels are kept in the network's input range: cut off after the last step or after each one, or each image stretched to the range after each step.",
    ),
  eightBit: z
    .boolean()
    .default(false)
    .describe(
      "Whether the finished images are rounded to the 256 levels of the network's input range that an 8-bit file keeps.",
    ),
  stopAtLoss: z
    .union([
      z.number().min(0),
      z
        .tuple([z.number().positive(), z.number().positive()])
        .refine(([low, high]) => low <= high, 'Expected the lower bound first')
        .readonly(),
    ])
    .default(0)
    .describe(
      'An image is finished once its `stopMeasure` is at most this; 0 runs all iterations. [low, high]: each image (each ' +
        'batch, where `stopBy` says so) draws its own, its logarithm uniform between theirs.',
    ),
  stopMeasure: z
    .enum(['cross-entropy', 'divergence'])
    .default('cross-entropy')
    .describe(
      "What `stopAtLoss` is compared with: the cross-entropy, or what it exceeds the label's own entropy by (the Kullback-Leibler divergence, 0 for a perfect image).",
    ),
  stopBy: z
    .enum(['image', 'batch'])
    .default('image')
    .describe('Whether `stopAtLoss` holds for each image by itself or for the mean of a batch.'),
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
  blurEvery: z
    .int()
    .min(0)
    .default(0)
    .describe('Blurs the images at every so many iterations; 0: never.'),
  blurKernel: z
    .enum(['binomial', 'gaussian'])
    .default('binomial')
    .describe('3 × 3 binomial kernel, or a Gaussian of `blurSigma`.'),
  blurSigma: z
    .number()
    .positive()
    .default(0.5)
    .describe('Standard deviation of the Gaussian kernel, in pixels.'),
};

export type SynthesisOptions = z.output<z.ZodObject<typeof synthesisOptions>>;
