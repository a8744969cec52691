import { z } from 'zod';

/** Options that every dataset has. */
export const commonOptions = {
  split: z.enum(['train', 'test']).default('train').describe('Which part of the dataset.'),
  limit: z
    .int()
    .min(1)
    .nullable()
    .default(null)
    .describe('How many images, of every class its share; null takes all.'),
  shuffle: z
    .boolean()
    .default(false)
    .describe(
      'Draw the images at random, the same number of each class as far as the classes reach, and put them in random order.',
    ),
  maxMegabytes: z
    .int()
    .min(1)
    .default(2048)
    .describe(
      'How much the images, or one file that is unpacked, may take in memory; what claims more is refused before it is read.',
    ),
};

/** The option for a folder or file of the user's own. */
export function pathOption(what: string) {
  return z
    .string()
    .nullable()
    .default(null)
    .describe(`${what}, relative to the experiment file; null looks elsewhere.`);
}
