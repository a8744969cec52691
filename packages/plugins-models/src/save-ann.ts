import { defineStage, input, output, type Ann } from '@privatesnn/core';
import { z } from 'zod';

import { descriptionSchema, type Description } from './description.js';
import { writeSafetensors } from './safetensors/write.js';
import { statisticsTensors } from './statistics.js';
import { arePresentBoth, writeBoth } from './weights-file.js';

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

const files = { stage: 'save-ann', format, isOwnDescription };

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
    effectPresent: (context, { file }) => arePresentBoth(context.resolvePath(path), file),
    async run(context, { ann }) {
      context.signal.throwIfAborted();
      const tensors = { ...ann.parameters, ...statisticsTensors(ann.statistics) };
      const content = {
        weights: writeSafetensors(tensors, dtype, { format }),
        description: describe(ann, notes),
        parameters: ann.parameters,
      };
      return {
        file: await writeBoth(context, files, context.resolvePath(path), overwrite, content),
      };
    },
  }),
});

type LayerDescriptions = Exclude<Description['architecture'], string | null | undefined>['layers'];

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

/** Descriptions of users' making name a known architecture or another layout; this stage lists all layers. */
function isOwnDescription(value: unknown): boolean {
  const { architecture, layout } = descriptionSchema.parse(value);
  return typeof architecture === 'object' && architecture !== null && layout === 'native';
}
