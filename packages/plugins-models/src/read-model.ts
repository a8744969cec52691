import { createHash } from 'node:crypto';
import { statSync } from 'node:fs';
import { readdir, readFile, stat } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

import {
  fileKind,
  headOf,
  parseTypedYaml,
  unreadableFile,
  UserError,
  UserErrorList,
  type Ann,
  type FileKindId,
} from '@privatesnn/core';

import {
  descriptionSchema,
  resolveDescription,
  resolveInputRange,
  type Description,
} from './description.js';
import type { Container } from './keras/read.js';
import { readParameters } from './layout.js';
import type { Normalisation } from './normalisation.js';
import { parseSafetensors } from './safetensors/read.js';
import { statisticsMember } from './statistics.js';
import { wrongDescription } from './wrong-model-file.js';

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

/** Reads an ANN from a safetensors file; what the options say wins over the description beside it. */
export async function readSafetensorsAnn(
  weights: string,
  description: string | null,
  options: Description,
): Promise<ReadAnn> {
  const file = parseSafetensors(await readModelFile(weights), weights);
  const beside = description === null ? {} : await readDescription(description);
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

/** Reads a whole file of a model. */
export async function readModelFile(path: string): Promise<Uint8Array> {
  try {
    if (!(await stat(path)).isFile()) throw new Error(`${path} is not an ordinary file`);
    return await readFile(path);
  } catch (cause) {
    throw unreadableFile({
      code: 'MODEL_FILE_MISSING',
      what: 'model file',
      path,
      hint: 'Check the path and the permissions.',
      cause,
    });
  }
}

/** SHA-256 over the contents of files, in that order. */
export async function digestOf(paths: readonly string[]): Promise<string> {
  const hash = createHash('sha256');
  for (const path of paths) {
    const bytes = await readModelFile(path);
    hash.update(`${bytes.length}\n`).update(bytes);
  }
  return hash.digest('hex');
}

/** Times its size that a file takes in memory: itself, its weights as they are read, and in their new order. */
const copies = 3;

/** Demands that a file of a network can be read: it takes a few times its size in memory. */
export function expectMemory(file: string): void {
  const needed = copies * (statSync(file, { throwIfNoEntry: false })?.size ?? 0);
  const free = process.availableMemory();
  if (needed <= free) return;
  const megabytes = (bytes: number) => `${Math.ceil(bytes / 1e6).toLocaleString('en')} MB`;
  throw new UserError(
    'environment',
    'MEMORY_LOW',
    `${file} takes ${megabytes(needed)} of memory while it is read, of which ${megabytes(free)} are free.`,
    { hint: 'Run where there is more memory.', place: { file } },
  );
}

async function findDescription(weights: string): Promise<string | null> {
  const stem = join(dirname(weights), basename(weights).replace(/\.[^.]*$/, ''));
  for (const extension of ['.json', '.yaml', '.yml']) {
    if (await isFile(stem + extension)) return stem + extension;
  }
  return null;
}

async function readDescription(path: string): Promise<Description> {
  const bytes = await readModelFile(path);
  try {
    const text = new TextDecoder('utf-8', { fatal: true }).decode(bytes);
    return parseTypedYaml(text, path, descriptionSchema);
  } catch (cause) {
    if (!(cause instanceof UserError)) throw wrongDescription(path, bytes, cause);
    throw invalid(path, cause instanceof UserErrorList ? cause.errors : [cause]);
  }
}

/** One error of all mistakes of a description, as a stage fails with one. */
function invalid(file: string, errors: readonly UserError[]): UserError {
  const told = errors.slice(0, 5).map(({ message, place, hint }) => {
    const at = place?.line === undefined ? '' : `Line ${place.line}, column ${place.column}: `;
    return at + message + (hint === undefined ? '' : ` ${hint}`);
  });
  return new UserError(
    'data',
    'MODEL_DESCRIPTION',
    `${file} does not describe a network. ${told.join(' ')}`,
    {
      hint: 'It may hold: architecture, inputShape, classes, classNames, inputRange, activation, width, hidden, bias, pooling, layout, tensors, batchNorms, batchNormEpsilon, normalisation, notes.',
      place: errors[0]?.place ?? { file },
    },
  );
}

async function isFile(path: string): Promise<boolean> {
  return (await stat(path).catch(() => undefined))?.isFile() ?? false;
}
