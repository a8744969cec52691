import {
  aboutOption,
  defineStage,
  output,
  UserError,
  weightedLayers,
  type StageContext,
} from '@privatesnn/core';
import { z } from 'zod';

import { epsilonSchema, layouts, rangeSchema, shapeSchema } from './description.js';
import {
  digestOf,
  embeddedModelFile,
  embeddedModels,
  findModel,
  readSafetensorsAnn,
  type ModelFiles,
  type ReadAnn,
} from './read-model.js';
import { layersModelFiles, readLayersModel } from './layers-model/read.js';
import { poolings, vggNames } from './vgg.js';

const options = z.strictObject({
  model: z
    .enum(embeddedModels)
    .nullable()
    .default(null)
    .describe('A network that ships with this package; null loads "path".'),
  path: z
    .string()
    .nullable()
    .default(null)
    .describe(
      'A .safetensors file, or the folder or model.json of a tfjs LayersModel; relative to the experiment file.',
    ),
  architecture: z
    .enum(vggNames)
    .nullable()
    .default(null)
    .describe('The network of a safetensors file; null reads the description beside the file.'),
  inputShape: shapeSchema
    .nullable()
    .default(null)
    .describe('Height, width and channels of the images that the network takes.'),
  classes: z.int().min(1).nullable().default(null).describe('Number of classes.'),
  classNames: z
    .array(z.string())
    .nullable()
    .default(null)
    .describe('Names of the classes; null takes those of the description, else numbers.'),
  inputRange: rangeSchema
    .nullable()
    .default(null)
    .describe(
      'Pixel range of the training; null takes the description’s, else [-1, 1], with a warning.',
    ),
  width: z.number().positive().nullable().default(null).describe('Factor on the channels.'),
  hidden: z.int().min(1).nullable().default(null).describe('Units of the hidden dense layer.'),
  bias: z.boolean().nullable().default(null).describe('Whether the layers have biases.'),
  pooling: z
    .enum(poolings)
    .nullable()
    .default(null)
    .describe(
      'What the poolings of "architecture" give; null takes the description’s, else average. Most PyTorch networks take the maximum.',
    ),
  layout: z
    .enum(layouts)
    .nullable()
    .default(null)
    .describe(
      'native: as save-ann writes; pytorch-vgg: features.N.weight and classifier.N.weight, convolutions [out, in, k, k].',
    ),
  tensors: z
    .array(z.string())
    .nullable()
    .default(null)
    .describe('Names of the weight tensors in the order of the layers, where they differ.'),
  batchNorms: z
    .array(z.string().nullable())
    .nullable()
    .default(null)
    .describe(
      'The modules of batch normalisation that follow the layers directly (null where none does), where names do not tell.',
    ),
  batchNormEpsilon: epsilonSchema
    .nullable()
    .default(null)
    .describe(
      'ε of batch normalisation, which PyTorch’s files do not hold; null takes the description’s, else 1e-5, with a warning.',
    ),
});

/** Loads a trained ANN from files. */
export const pretrained = defineStage({
  kind: 'model',
  id: 'pretrained',
  version: 2,
  summary: 'Loads a trained ANN: embedded, from safetensors, or from a tfjs LayersModel.',
  source:
    'The safetensors and TensorFlow.js LayersModel formats; Ioffe & Szegedy 2015 (batch normalisation)',
  options,
  inputs: {},
  outputs: { ann: output('ann', 'The network.') },
  dependencies: {},
  needs: ({ path }) => (path === null ? [] : [{ what: 'network', path }]),
  check: ({ model, path }) => {
    if ((model === null) !== (path === null)) return [];
    return [
      new UserError(
        'configuration',
        'MODEL_SOURCE',
        `it takes either "model" or "path"; ${model === null ? 'neither was' : 'both were'} given.`,
        { hint: `Embedded models: ${embeddedModels.join(', ')}.`, option: 'model' },
      ),
    ];
  },
  create: (_, { model, path, ...description }) => {
    const find = async (context: Pick<StageContext, 'resolvePath'>): Promise<ModelFiles> => {
      return findModel(model === null ? context.resolvePath(path!) : embeddedModelFile(model));
    };
    const read = (files: ModelFiles): Promise<ReadAnn> =>
      files.kind === 'layers-model'
        ? readLayersModel(files.topology, description)
        : readSafetensorsAnn(files.weights, files.description, description);
    return {
      fingerprint: (context) =>
        aboutOption('path', async () => {
          const files = await find(context);
          return digestOf(
            files.kind === 'layers-model'
              ? await layersModelFiles(files.topology)
              : [files.weights, ...(files.description === null ? [] : [files.description])],
          );
        }),
      async run(context) {
        context.signal.throwIfAborted();
        const { ann, remarks } = await aboutOption('path', async () => read(await find(context)));
        for (const remark of remarks) context.warn(remark);
        const count = Object.values(ann.parameters).reduce((sum, { data }) => sum + data.length, 0);
        context.info(
          `${ann.architecture.name} with ${weightedLayers(ann.architecture).length} weighted layers and ` +
            `${count.toLocaleString('en')} parameters.`,
        );
        return { ann };
      },
    };
  },
});
