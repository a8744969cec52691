import { defineStage, input, output, writeWhole, type Ann } from '@privatesnn/core';
import { z } from 'zod';

import { descriptionSchema, type Description } from './description.js';
import { arePresent, checksum, refuseForeign } from './own-file.js';
import { parseSafetensors } from './safetensors/read.js';
import { writeSafetensors } from './safetensors/write.js';
import { statisticsTensors } from './statistics.js';

/** Marks the files of this stage in their header. */
const format = 'privatesnn';

const options = z.strictObject({
  path: z
    .string()
    .regex(/\.safetensors$/, 'The name must end in .safetensors')
    .default('model.safetensors')
    .describe('The file to write, relative to the experiment file; it must end in .safetensors.'),
  dtype: z
    .enum(['F32', 'F16'])
    .default('F32')
    .describe('Type of the weights; F16 halves the file and rounds them to 11 bits.'),
  overwrite: z
    .boolean()
    .default(false)
    .describe('Whether files that save-ann did not write may be replaced; its own always are.'),
  notes: z
    .string()
    .default('')
    .describe('Where the weights come from; kept in the description beside the file.'),
});

/** Writes an ANN to a safetensors file with a JSON description beside it, as `pretrained` reads them. */
export const saveAnn = defineStage({
  kind: 'exporter',
  id: 'save-ann',
  version: 2,
  summary: 'Writes an ANN to a safetensors file, with a JSON description beside it.',
  source: 'The safetensors format',
  options,
  inputs: { ann: input('ann', 'The network.') },
  outputs: {
    file: output('scalars', 'Bytes, parameters and checksums of the file and its description.'),
  },
  dependencies: {},
  create: (_, { path, dtype, overwrite, notes }) => ({
    // The same path from another folder is another file.
    fingerprint: (context) => Promise.resolve(context.resolvePath(path)),
    effectPresent(context, { file: { values } }) {
      const file = context.resolvePath(path);
      return arePresent([
        [file, values['checksum']],
        [descriptionFile(file), values['descriptionChecksum']],
      ]);
    },
    async run(context, { ann }) {
      context.signal.throwIfAborted();
      const file = context.resolvePath(path);
      if (!overwrite) {
        await refuseForeign('save-ann', [
          [file, isOwnWeights],
          [descriptionFile(file), isOwnDescription],
        ]);
      }
      const tensors = { ...ann.parameters, ...statisticsTensors(ann.statistics) };
      const bytes = writeSafetensors(tensors, dtype, { format });
      const description = Buffer.from(`${JSON.stringify(describe(ann, notes), null, 2)}\n`);
      await writeWhole(file, [bytes]);
      await writeWhole(descriptionFile(file), [description]);
      context.info(`Wrote ${file} (${bytes.length.toLocaleString('en')} bytes).`);
      return {
        file: {
          type: 'scalars',
          values: {
            bytes: bytes.length,
            parameters: Object.values(ann.parameters).reduce((n, { data }) => n + data.length, 0),
            checksum: checksum(bytes),
            descriptionChecksum: checksum(description),
          },
        },
      };
    },
  }),
});

type LayerDescriptions = Exclude<Description['architecture'], string | null | undefined>['layers'];

function descriptionFile(weights: string): string {
  return weights.replace(/\.safetensors$/, '.json');
}

function describe(
  { architecture, activation, classNames, inputRange }: Ann,
  notes: string,
): Description {
  return {
    architecture: {
      ...architecture,
      inputShape: [...architecture.inputShape],
      layers: structuredClone(architecture.layers) as LayerDescriptions,
    },
    classNames: [...classNames],
    inputRange: [...inputRange],
    ...(activation ? { activation: { ...activation } } : {}),
    layout: 'native',
    ...(notes === '' ? {} : { notes }),
  };
}

function isOwnWeights(bytes: Uint8Array, file: string): boolean {
  try {
    return parseSafetensors(bytes, file).metadata['format'] === format;
  } catch {
    return false;
  }
}

/** Descriptions of users' making name a known architecture or another layout; this stage lists all layers. */
function isOwnDescription(bytes: Uint8Array): boolean {
  try {
    const { architecture, layout } = descriptionSchema.parse(
      JSON.parse(new TextDecoder().decode(bytes)),
    );
    return typeof architecture === 'object' && architecture !== null && layout === 'native';
  } catch {
    return false;
  }
}
