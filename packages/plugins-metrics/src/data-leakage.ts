import { defineStage, input, output } from '@privatesnn/core';
import { z } from 'zod';

/** Whether real images were used after the ANN was trained; read from the plan, not from the weights. */
export const dataLeakage = defineStage({
  kind: 'metric',
  id: 'data-leakage',
  version: 2,
  summary: 'Whether any dataset reached the network after its ANN was trained.',
  source: 'PrivateSNN, Section 3 (data leakage)',
  options: z.strictObject({}),
  inputs: {
    network: input(['ann', 'snn'], 'the network in question'),
  },
  outputs: {
    metrics: output(
      'scalars',
      'realImages: 1 where a dataset reached the network on a way that does not pass the training of the first ANN, else 0; leaks: the number of such datasets',
    ),
  },
  dependencies: {},
  readsAncestors: true,
  create: () => ({
    async run(context) {
      context.signal.throwIfAborted();
      const datasets = context.ancestors('network').filter(({ kind }) => kind === 'dataset');
      if (datasets.length > 0) {
        context.info(
          `Real images reach the network from ${datasets.map(({ stage }) => stage).join(', ')}.`,
        );
      }
      return {
        metrics: {
          type: 'scalars',
          values: { realImages: datasets.length > 0 ? 1 : 0, leaks: datasets.length },
        },
      };
    },
  }),
});
