import { defineStage, input, output } from '@privatesnn/core';
import { z } from 'zod';

import { snnFiles, snnFormat } from './snn-files.js';
import { arePresentBoth, writeBoth } from './weights-file.js';

const options = z.strictObject({
  path: z
    .string()
    .regex(/\.safetensors$/, 'The name must end in .safetensors')
    .default('snn.safetensors')
    .describe('The file to write, relative to the experiment file; it must end in .safetensors.'),
  overwrite: z
    .boolean()
    .default(false)
    .describe('Whether files that save-snn did not write may be replaced; its own always are.'),
});

const files = { stage: 'save-snn', format: snnFormat, isOwnDescription };

/** Writes a spiking network whole, as `pretrained-snn` reads it. */
export const saveSnn = defineStage({
  kind: 'exporter',
  id: 'save-snn',
  version: 1,
  summary: 'Writes a spiking network whole: weights as safetensors, all else as JSON beside them.',
  source: 'The safetensors format',
  options,
  inputs: { snn: input('snn', 'the spiking network') },
  outputs: {
    file: output('scalars', 'bytes, parameters and checksums of the file and its description'),
  },
  dependencies: {},
  create: (_, { path, overwrite }) => ({
    // The same path from another folder is another file.
    fingerprint: (context) => Promise.resolve(context.resolvePath(path)),
    effectPresent: (context, { file }) => arePresentBoth(context.resolvePath(path), file),
    async run(context, { snn }) {
      context.signal.throwIfAborted();
      const content = { ...snnFiles(snn), parameters: snn.parameters };
      return {
        file: await writeBoth(context, files, context.resolvePath(path), overwrite, content),
      };
    },
  }),
});

function isOwnDescription(value: unknown): boolean {
  return typeof value === 'object' && value !== null && 'type' in value && value.type === 'snn';
}
