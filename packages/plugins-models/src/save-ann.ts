import { createHash, randomUUID } from 'node:crypto';
import { mkdir, rename, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';

import { defineStage, input, output, UserError, type Ann } from '@privatesnn/core';
import { z } from 'zod';

import type { Description } from './description.js';
import { digestOf } from './read-model.js';
import { writeSafetensors } from './safetensors.js';
import { statisticsTensors } from './statistics.js';

const options = z.strictObject({
  path: z
    .string()
    .default('model.safetensors')
    .describe('The file to write, relative to the experiment file; it must end in .safetensors.'),
  dtype: z
    .enum(['F32', 'F16'])
    .default('F32')
    .describe('Type of the weights; F16 halves the file and rounds them to 11 bits.'),
  notes: z
    .string()
    .default('')
    .describe('Where the weights come from; kept in the description beside the file.'),
});

/** Writes an ANN to a safetensors file with a JSON description beside it, as `pretrained` reads them. */
export const saveAnn = defineStage({
  kind: 'exporter',
  id: 'save-ann',
  version: 1,
  summary: 'Writes an ANN to a safetensors file, with a JSON description beside it.',
  options,
  inputs: { ann: input('ann', 'The network.') },
  outputs: { file: output('scalars', 'Bytes, parameters and checksum of the file.') },
  dependencies: {},
  create: (_, { path, dtype, notes }) => ({
    // A missing file must be written whatever the cache holds, so its fingerprint never occurs twice.
    fingerprint: async (context) => {
      const file = context.resolvePath(path);
      return digestOf([file, descriptionFile(file)]).catch(() => randomUUID());
    },
    async run(context, { ann }) {
      context.signal.throwIfAborted();
      const file = context.resolvePath(path);
      if (!file.endsWith('.safetensors')) {
        throw new UserError(
          'configuration',
          'MODEL_FILE_NAME',
          `The option "path" of "save-ann" must end in .safetensors, but is "${path}".`,
          { hint: 'Name it model.safetensors, for instance.' },
        );
      }
      const tensors = { ...ann.parameters, ...statisticsTensors(ann.statistics) };
      const bytes = writeSafetensors(tensors, dtype, { format: 'privatesnn' });
      await mkdir(dirname(file), { recursive: true });
      await writeWhole(file, bytes);
      await writeWhole(descriptionFile(file), `${JSON.stringify(describe(ann, notes), null, 2)}\n`);
      context.info(`Wrote ${file} (${bytes.length.toLocaleString('en')} bytes).`);
      const digest = createHash('sha256').update(bytes).digest();
      return {
        file: {
          type: 'scalars',
          values: {
            bytes: bytes.length,
            parameters: Object.values(ann.parameters).reduce((n, { data }) => n + data.length, 0),
            /** The first 48 bits of the SHA-256, which a number holds exactly. */
            checksum: digest.readUIntBE(0, 6),
          },
        },
      };
    },
  }),
});

function descriptionFile(weights: string): string {
  return weights.replace(/\.safetensors$/, '.json');
}

function describe({ architecture, classNames, inputRange }: Ann, notes: string): Description {
  return {
    architecture: {
      ...architecture,
      inputShape: [...architecture.inputShape],
      layers: architecture.layers.map((layer) => ({ ...layer })),
    },
    classNames: [...classNames],
    inputRange: [...inputRange],
    layout: 'native',
    ...(notes === '' ? {} : { notes }),
  };
}

/** Writes aside and renames, so that no half-written file is ever found. */
async function writeWhole(path: string, content: string | Uint8Array): Promise<void> {
  const aside = `${path}.${process.pid}.part`;
  await writeFile(aside, content);
  await rename(aside, path);
}
