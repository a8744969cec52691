import { z } from 'zod';

import { algorithm1Options } from './class-image-options.js';

/** Options of the attacker that distils the spiking network. */
export const distilOptions = z.strictObject({
  queries: z
    .int()
    .min(10)
    .default(1000)
    .describe('Images on which the spiking network is asked, in each round.'),
  rounds: z
    .int()
    .min(1)
    .default(2)
    .describe(
      'Rounds of asking and distilling: the first asks on noise, each later one on class images drawn from the ' +
        'network distilled so far.',
    ),
  timeSteps: z
    .int()
    .min(0)
    .default(0)
    .describe("T of the spiking network while it is asked; 0 takes the network's own."),
  distilEpochs: z.int().min(1).default(5).describe('Passes over all queries so far, each round.'),
  distilBatchSize: z.int().min(1).default(32).describe('Queries of one step of the distillation.'),
  distilLearningRate: z
    .number()
    .positive()
    .default(1e-4)
    .describe("Adam's learning rate in the distillation."),
  ...algorithm1Options,
});

export type DistilStageOptions = z.output<typeof distilOptions>;
