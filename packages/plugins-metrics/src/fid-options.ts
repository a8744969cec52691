import { z } from 'zod';

/** The options of the stage `fid`. */
export const fidOptions = z.strictObject({
  extractor: z
    .enum(['classifier', 'inception', 'pixels'])
    .default('classifier')
    .describe(
      'Feature extractor: the last hidden layer of the classifier given as `features`, an InceptionV3 graph model from disk, or pooled pixels.',
    ),
  inception: z
    .string()
    .nullable()
    .default(null)
    .describe('Folder of an InceptionV3 graph model (TensorFlow.js), for extractor inception.'),
  inceptionOutput: z
    .string()
    .nullable()
    .default(null)
    .describe("Node of that graph that holds the features; null takes the graph's output."),
  pooledSize: z
    .int()
    .positive()
    .default(8)
    .describe('Blocks along each side, for extractor pixels.'),
  dimensions: z
    .int()
    .positive()
    .nullable()
    .default(64)
    .describe(
      'Dimensions to which features are reduced for FID, where they have more; null keeps all. KID takes the features as they are.',
    ),
  reduction: z
    .enum(['principal-components', 'random-projection'])
    .default('principal-components')
    .describe(
      'How features are reduced: to the first principal components of the reference images, or by a Gaussian random projection.',
    ),
  allowFewSamples: z
    .boolean()
    .default(false)
    .describe(
      'Gives FID with its bias (fidPlugIn) even where there are fewer images than dimensions; such a value is mostly bias.',
    ),
  resamples: z
    .int()
    .min(500)
    .default(500)
    .describe('Bootstrap draws for the bias and the 95 % interval of FID.'),
  kidImages: z
    .int()
    .min(2)
    .default(1000)
    .describe('Images of each set that KID takes at most, drawn at random.'),
  batch: z.int().positive().default(100).describe('Images of one forward pass.'),
});

export type FidOptions = z.output<typeof fidOptions>;
