import { aboutOption, defineStage, output, spikingLayers } from '@privatesnn/core';
import { z } from 'zod';

import { digestOf } from './model-file.js';
import { findSnn, readSnn } from './snn-files.js';

const options = z.strictObject({
  path: z
    .string()
    .default('snn.safetensors')
    .describe(
      'The .safetensors file that save-snn wrote, its .json beside it; relative to the experiment file.',
    ),
});

/** Loads a spiking network that `save-snn` wrote. */
export const pretrainedSnn = defineStage({
  kind: 'model',
  id: 'pretrained-snn',
  version: 1,
  summary: 'Loads a spiking network from the files that save-snn wrote.',
  source: 'The safetensors format',
  options,
  inputs: {},
  outputs: { snn: output('snn', 'the spiking network, as it was saved') },
  dependencies: {},
  needs: ({ path }) => [{ what: 'spiking network', path }],
  create: (_, { path }) => ({
    fingerprint: (context) =>
      aboutOption('path', async () => {
        const { weights, description } = await findSnn(context.resolvePath(path));
        return digestOf([weights, ...(description === null ? [] : [description])]);
      }),
    async run(context) {
      context.signal.throwIfAborted();
      const snn = await aboutOption('path', async () =>
        readSnn(await findSnn(context.resolvePath(path))),
      );
      context.info(
        `${snn.architecture.name} with ${spikingLayers(snn.architecture).length} spiking layers, ` +
          `${snn.timeSteps} time-steps.`,
      );
      return { snn };
    },
  }),
});
