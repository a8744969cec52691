import { z } from 'zod';

import { readModelFile } from '../model-file.js';
import { parseJson } from '../strict-json.js';
import { notLayersModel } from '../wrong-model-file.js';
import type { KerasFile } from './file.js';
import { modelOf, type KerasModel } from './model.js';
import { manifestSchema, readShards, shardFiles, type Manifest } from './shards.js';

const fileSchema = z.object({
  modelTopology: z.preprocess(
    (value) => (value as { model_config?: unknown } | undefined)?.model_config ?? value,
    z.record(z.string(), z.unknown()),
  ),
  weightsManifest: manifestSchema,
});

const saveAgain =
  'Save the model with tfjs’ `model.save` or convert it with `tensorflowjs_converter --output_format tfjs_layers_model`.';

interface Topology {
  readonly model: KerasModel;
  readonly manifest: Manifest;
}

/** Reads a tfjs LayersModel. */
export async function readLayersModel(topology: string): Promise<KerasFile> {
  const { model, manifest } = await readTopology(topology);
  return { model, weights: await readShards(topology, manifest), close: () => undefined };
}

/** Files that a LayersModel consists of: model.json and its shards. */
export async function layersModelFiles(topology: string): Promise<string[]> {
  const { manifest } = await readTopology(topology);
  return [topology, ...shardFiles(topology, manifest)];
}

/**
 * Reads a model.json.
 *
 * @throws UserError where it is not a LayersModel, or contradicts itself
 */
async function readTopology(file: string): Promise<Topology> {
  const bytes = await readModelFile(file);
  const wrong = (problem: string, hint = saveAgain) =>
    notLayersModel({ file, head: bytes, problem, hint });
  let json: unknown;
  try {
    json = parseJson(new TextDecoder('utf-8', { fatal: true }).decode(bytes));
  } catch (cause) {
    throw wrong(`it is not sound JSON (${cause instanceof Error ? cause.message : String(cause)})`);
  }
  if ((json as { format?: unknown } | null)?.format === 'graph-model') {
    throw wrong(
      'it is a tfjs graph model, whose layers can no longer be told apart',
      'Convert the Keras model again, with `tensorflowjs_converter --output_format tfjs_layers_model`.',
    );
  }
  const result = fileSchema.safeParse(json);
  if (!result.success) {
    const { path, message } = result.error.issues[0]!;
    throw wrong(`${path.join('.') || 'the file'}: ${message}`);
  }
  const { modelTopology, weightsManifest: manifest } = result.data;
  return { model: modelOf(modelTopology, file, wrong), manifest };
}
