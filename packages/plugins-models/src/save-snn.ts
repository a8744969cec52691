import { defineStage, input, output, writeWhole } from '@privatesnn/core';
import { z } from 'zod';

import { arePresent, checksum, refuseForeign } from './own-file.js';
import { parseSafetensors } from './safetensors/read.js';
import { snnDescription, snnFiles, snnFormat } from './snn-files.js';

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
    effectPresent(context, { file: { values } }) {
      const file = context.resolvePath(path);
      return arePresent([
        [file, values['checksum']],
        [snnDescription(file), values['descriptionChecksum']],
      ]);
    },
    async run(context, { snn }) {
      context.signal.throwIfAborted();
      const file = context.resolvePath(path);
      if (!overwrite) {
        await refuseForeign('save-snn', [
          [file, isOwnWeights],
          [snnDescription(file), isOwnDescription],
        ]);
      }
      const { weights, description } = snnFiles(snn);
      await writeWhole(file, [weights]);
      await writeWhole(snnDescription(file), [description]);
      context.info(`Wrote ${file} (${weights.length.toLocaleString('en')} bytes).`);
      return {
        file: {
          type: 'scalars',
          values: {
            bytes: weights.length,
            parameters: Object.values(snn.parameters).reduce((n, { data }) => n + data.length, 0),
            checksum: checksum(weights),
            descriptionChecksum: checksum(description),
          },
        },
      };
    },
  }),
});

function isOwnWeights(bytes: Uint8Array, file: string): boolean {
  try {
    return parseSafetensors(bytes, file).metadata['format'] === snnFormat;
  } catch {
    return false;
  }
}

function isOwnDescription(bytes: Uint8Array): boolean {
  try {
    const { type } = JSON.parse(new TextDecoder().decode(bytes)) as { type?: unknown };
    return type === 'snn';
  } catch {
    return false;
  }
}
