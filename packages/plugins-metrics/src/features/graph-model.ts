import { createHash } from 'node:crypto';
import { dirname, join } from 'node:path';

import { readOrdinary, UserError } from '@privatesnn/core';
import type { io, Tensor, TensorContainer } from '@tensorflow/tfjs-core';

/** The part of tfjs-converter's GraphModel that features need. */
export interface GraphModel {
  execute(inputs: Tensor, outputs?: string): TensorContainer;
  dispose(): void;
}

interface ModelFile {
  readonly modelTopology: object;
  readonly weightsManifest: readonly {
    readonly paths: readonly string[];
    readonly weights: io.WeightsManifestEntry[];
  }[];
}

/**
 * Loads a TensorFlow.js graph model: a folder with model.json and its weight files, or the path of the JSON.
 *
 * @throws UserError GRAPH_MODEL_LIBRARY where @tensorflow/tfjs-converter is not installed, GRAPH_MODEL_FILE
 *   where a file cannot be read
 */
export async function loadGraphModel(path: string): Promise<GraphModel> {
  const { model, weights } = readGraphModel(path);
  const converter = await importConverter();
  return converter.loadGraphModel({
    load: async () => ({
      modelTopology: model.modelTopology,
      weightSpecs: model.weightsManifest.flatMap((group) => group.weights),
      weightData: Uint8Array.from(Buffer.concat(weights)).buffer,
      format: 'graph-model',
    }),
  });
}

/** SHA-256 over the model and its weights. */
export async function graphModelDigest(path: string): Promise<string> {
  const { text, weights } = readGraphModel(path);
  const hash = createHash('sha256').update(text);
  for (const part of weights) hash.update(part);
  return hash.digest('hex');
}

function readGraphModel(path: string) {
  const file = path.endsWith('.json') ? path : join(path, 'model.json');
  const text = readFileOf(file);
  let model: ModelFile;
  try {
    model = JSON.parse(text.toString('utf8')) as ModelFile;
  } catch (cause) {
    throw unreadable(file, 'is not JSON', cause);
  }
  if (!model.modelTopology || !Array.isArray(model.weightsManifest)) {
    throw unreadable(file, 'has no modelTopology and weightsManifest');
  }
  const paths = model.weightsManifest.flatMap((group) => group.paths);
  const weights = paths.map((part) => readFileOf(join(dirname(file), part)));
  return { text, model, weights };
}

/** Of one file; a shard of weights has a few MB. */
const mostBytes = 1_000_000_000;

function readFileOf(file: string): Buffer {
  try {
    return readOrdinary(file, mostBytes);
  } catch (cause) {
    throw unreadable(file, 'cannot be read', cause);
  }
}

function unreadable(file: string, why: string, cause?: unknown): UserError {
  return new UserError(
    'data',
    'GRAPH_MODEL_FILE',
    `Expected a TensorFlow.js graph model, but ${file} ${why}.`,
    {
      hint: 'Set `inception` to the folder of a model converted with tensorflowjs_converter --output_format=tfjs_graph_model.',
      place: { file },
      cause,
    },
  );
}

/** tfjs-converter comes with tfjs-node, which is optional: it is looked for when a graph model is asked for. */
async function importConverter(): Promise<{
  loadGraphModel(handler: io.IOHandler): Promise<GraphModel>;
}> {
  const name = '@tensorflow/tfjs-converter';
  try {
    const module = await import(name);
    return module.default ?? module;
  } catch (cause) {
    throw new UserError(
      'environment',
      'GRAPH_MODEL_LIBRARY',
      `A graph model needs the package ${name}, which is not installed here.`,
      {
        hint: 'Run the setup step that provides TensorFlow, or set extractor to classifier or pixels.',
        cause,
      },
    );
  }
}
