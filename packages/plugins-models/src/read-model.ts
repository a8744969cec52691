import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

import {
  fileKind,
  headOf,
  unreadableFile,
  UserError,
  type Ann,
  type FileKindId,
} from '@privatesnn/core';

import { findDescription, readDescription } from './description-file.js';
import {
  descriptionSchema,
  resolveDescription,
  resolveInputRange,
  type Description,
} from './description.js';
import type { Container } from './keras/read.js';
import { readParameters } from './layout.js';
import { isFile, readModelFile } from './model-file.js';
import type { Normalisation } from './normalisation.js';
import { parseSafetensors } from './safetensors/read.js';
import { snnFormat } from './snn-files.js';
import { statisticsMember } from './statistics.js';

/** Networks that ship with this package. */
export const embeddedModels = ['mnist-vgg5', 'mnist-judge'] as const;

export function embeddedModelFile(name: (typeof embeddedModels)[number]): string {
  return fileURLToPath(new URL(`../models/${name}/model.safetensors`, import.meta.url));
}

const giveOne =
  'Give a .onnx, .keras, .h5 or .safetensors file, or the folder of a tfjs LayersModel (with model.json).';

/** The files that a model consists of. */
export type ModelFiles =
  | { readonly kind: 'safetensors'; readonly weights: string; readonly description: string | null }
  | { readonly kind: 'keras'; readonly container: Container; readonly file: string }
  | { readonly kind: 'onnx'; readonly file: string };

/**
 * Finds out what a path is: a safetensors file (with a description of the same name beside it, if there is one),
 * a tfjs LayersModel (its folder or its model.json), or a network of ONNX or Keras, by its name or its first bytes.
 */
export async function findModel(path: string): Promise<ModelFiles> {
  const found = await stat(path).catch((cause: unknown) => {
    throw unreadableFile({
      code: 'MODEL_FILE_MISSING',
      what: 'model',
      path,
      hint: giveOne,
      cause,
    });
  });
  if (found.isDirectory()) return findInFolder(path);
  const format = formatOf(path);
  if (format === 'onnx') return { kind: 'onnx', file: path };
  if (format === 'safetensors') {
    return { kind: 'safetensors', weights: path, description: await findDescription(path) };
  }
  return { kind: 'keras', container: format, file: path };
}

const endings: readonly (readonly [RegExp, Container | 'onnx' | 'safetensors'])[] = [
  [/\.onnx$/i, 'onnx'],
  [/\.keras$/i, 'keras'],
  [/\.(h5|hdf5)$/i, 'h5'],
  [/\.json$/, 'layers-model'],
  [/\.safetensors$/, 'safetensors'],
];

/** What a file is by its name, else by its first bytes. */
function formatOf(path: string): Container | 'onnx' | 'safetensors' {
  const named = endings.find(([ending]) => ending.test(path));
  if (named) return named[1];
  const kind = fileKind(headOf(path))?.id;
  return kind === 'onnx' ? kind : ((kind && containers[kind]) ?? 'safetensors');
}

const containers: Readonly<Partial<Record<FileKindId, Container>>> = {
  'keras-zip': 'keras',
  hdf5: 'h5',
};

/** The model in a folder: model.safetensors, or the model.json of a LayersModel. */
async function findInFolder(folder: string): Promise<ModelFiles> {
  const weights = join(folder, 'model.safetensors');
  if (await isFile(weights)) {
    return { kind: 'safetensors', weights, description: await findDescription(weights) };
  }
  const topology = join(folder, 'model.json');
  if (await isFile(topology)) return { kind: 'keras', container: 'layers-model', file: topology };
  const names = (await readdir(folder).catch(() => [])).sort();
  const some = names.slice(0, 5).join(', ') + (names.length > 5 ? ', …' : '');
  const other = names.find((name) => /\.(safetensors|onnx|keras|h5)$/.test(name));
  throw new UserError(
    'data',
    'MODEL_FILE_MISSING',
    `The folder ${folder} should hold model.json or model.safetensors, but holds ${some || 'nothing'}.`,
    {
      hint: other ? `Give the file: ${join(folder, other)}.` : giveOne,
      place: { file: folder },
    },
  );
}

/** An ANN, and what the user should be told of how it was read. */
export interface ReadAnn {
  readonly ann: Ann;
  readonly remarks: readonly string[];
  /** What is done with images before the network, where the file's description says it. */
  readonly normalisation?: Normalisation | undefined;
}

const expected = {
  what: 'a network',
  hint: 'It may hold: architecture, inputShape, classes, classNames, inputRange, activation, width, hidden, bias, pooling, layout, tensors, batchNorms, batchNormEpsilon, normalisation, notes.',
};

/** Reads an ANN from a safetensors file; what the options say wins over the description beside it. */
export async function readSafetensorsAnn(
  weights: string,
  description: string | null,
  options: Description,
): Promise<ReadAnn> {
  const file = parseSafetensors(await readModelFile(weights), weights);
  if (file.metadata['format'] === snnFormat) throw spikes(weights);
  const beside =
    description === null ? {} : await readDescription(description, descriptionSchema, expected);
  const network = resolveDescription(options, beside, { weights, description });
  const { architecture, parameters, statistics, unused, assumedEpsilon } = readParameters(
    file,
    network,
  );
  const range = resolveInputRange(network, weights);
  const ann: Ann = {
    type: 'ann',
    architecture,
    parameters,
    inputRange: range.inputRange,
    classNames: network.classNames,
    ...(network.activation ? { activation: network.activation } : {}),
    ...statisticsMember(statistics),
  };
  const remarks = [
    ...range.remarks,
    ...(assumedEpsilon === undefined
      ? []
      : [
          `${weights} does not say the ε of its batch normalisations: ${assumedEpsilon} is taken, PyTorch's default. ` +
            'Give "batchNormEpsilon" if the network was trained with another.',
        ]),
    ...(unused.length === 0
      ? []
      : [
          `${weights} holds tensors that ${architecture.name} does not take: ${unused.join(', ')}.`,
        ]),
  ];
  return { ann, remarks, normalisation: network.normalisation };
}

function spikes(weights: string): UserError {
  return new UserError(
    'data',
    'MODEL_SPIKES',
    `${weights} should be an ANN, but is a spiking network, written by save-snn.`,
    { hint: 'Load it with the stage "pretrained-snn".', place: { file: weights } },
  );
}
