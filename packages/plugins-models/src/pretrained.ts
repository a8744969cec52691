import { basename } from 'node:path';

import {
  aboutOption,
  defineStage,
  output,
  UserError,
  weightedLayers,
  type StageContext,
} from '@privatesnn/core';
import { TENSOR_RUNTIME } from '@privatesnn/runtime-tfjs';
import { z } from 'zod';

import { epsilonSchema, layouts, rangeSchema, shapeSchema } from './description.js';
import {
  embeddedModelFile,
  embeddedModels,
  findModel,
  readSafetensorsAnn,
  type ModelFiles,
  type ReadAnn,
} from './read-model.js';
import { checkAgainstTfjs } from './keras/check.js';
import { kerasFiles, readKeras } from './keras/read.js';
import { digestOf } from './model-file.js';
import { architectureNames } from './named-architecture.js';
import { normalisationSchema, withNormalisation } from './normalisation.js';
import { checkAgainstFile } from './onnx/check.js';
import { onnxFiles, readOnnx } from './onnx/read.js';
import type { Checked } from './steps/check.js';
import type { Network } from './steps/network.js';
import { poolings } from './vgg.js';

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
      'A .onnx, .keras, .h5 or .safetensors file, or the folder or model.json of a tfjs LayersModel; relative to the experiment file.',
    ),
  architecture: z
    .enum(architectureNames)
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
      'native: as save-ann writes; pytorch-vgg: features.N.weight and classifier.N.weight, convolutions [out, in, k, k]; pytorch-resnet: the same with the names of torchvision’s ResNets.',
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
  normalisation: normalisationSchema
    .nullable()
    .default(null)
    .describe(
      'Mean and standard deviation, by channel, that images were normalised with before the network, in units of "inputRange" (then [0, 1] where it is null). It becomes part of the network.',
    ),
});

const checkedText = ({ images, difference, by }: Checked & { checked: true }) =>
  `On ${images} random images ${by} gives the same with the file: the largest difference is ` +
  `${difference.toExponential(1)} of the largest output.`;

const uncheckedText = (file: string, reason: string) =>
  `The conversion of ${basename(file)} was not checked against the file itself: ${reason}.`;

/** Tells the user what the check of a network gave. */
function withCheck(
  { ann, remarks, probe }: Network,
  checked: Checked,
  context: StageContext,
): ReadAnn {
  if (!checked.checked) {
    return { ann, remarks: [...remarks, uncheckedText(probe.file, checked.reason)] };
  }
  context.info(checkedText(checked));
  return { ann, remarks };
}

/** All files that a model is read from. */
async function filesOf(files: ModelFiles): Promise<string[]> {
  switch (files.kind) {
    case 'keras':
      return kerasFiles(files.file, files.container);
    case 'onnx':
      return onnxFiles(files.file);
    case 'safetensors':
      return [files.weights, ...(files.description === null ? [] : [files.description])];
  }
}

/** Loads a trained ANN from files. */
export const pretrained = defineStage({
  kind: 'model',
  id: 'pretrained',
  version: 3,
  summary: 'Loads a trained ANN: embedded, from ONNX, Keras, safetensors, or a tfjs LayersModel.',
  source:
    'The ONNX, Keras, safetensors and TensorFlow.js LayersModel formats; Ioffe & Szegedy 2015 (batch normalisation)',
  options,
  inputs: {},
  outputs: { ann: output('ann', 'The network.') },
  dependencies: { runtime: TENSOR_RUNTIME },
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
  create: ({ runtime }, { model, path, ...description }) => {
    const find = async (context: Pick<StageContext, 'resolvePath'>): Promise<ModelFiles> => {
      return findModel(model === null ? context.resolvePath(path!) : embeddedModelFile(model));
    };
    const read = async (files: ModelFiles, context: StageContext): Promise<ReadAnn> => {
      switch (files.kind) {
        case 'keras': {
          const found = await readKeras(files.file, files.container, description);
          const random = context.random('probe');
          const checked = await checkAgainstTfjs(found.ann, found.probe, runtime, random);
          return withCheck(found, checked, context);
        }
        case 'onnx': {
          const found = await readOnnx(files.file, description);
          const random = context.random('probe');
          const checked = await checkAgainstFile(found.ann, found.probe, runtime, random);
          return withCheck(found, checked, context);
        }
        case 'safetensors':
          return readSafetensorsAnn(files.weights, files.description, description);
      }
    };
    const load = async (context: StageContext) => {
      const files = await find(context);
      const { ann, remarks, normalisation } = await read(files, context);
      const applied = description.normalisation ?? normalisation;
      const [file] = await filesOf(files);
      return { ann: applied ? withNormalisation(ann, applied, file!) : ann, remarks };
    };
    return {
      fingerprint: (context) =>
        aboutOption('path', async () => {
          return digestOf(await filesOf(await find(context)));
        }),
      async run(context) {
        context.signal.throwIfAborted();
        const { ann, remarks } = await aboutOption('path', () => load(context));
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
