import { UserError } from '@privatesnn/core';
import { z } from 'zod';

import { readModelFile } from '../read-model.js';
import { manifestSchema, type Manifest } from './weights.js';

/** One layer of a Keras or tfjs model: its class, its name, its settings as the file has them. */
export interface KerasLayer {
  readonly className: string;
  readonly name: string;
  readonly config: Readonly<Record<string, unknown>>;
}

export interface LayersModelFile {
  readonly layers: readonly KerasLayer[];
  readonly manifest: Manifest;
}

const layerSchema = z.object({
  class_name: z.string(),
  name: z.string().optional(),
  config: z.record(z.string(), z.unknown()),
  inbound_nodes: z.array(z.unknown()).optional(),
});

const modelSchema = z.object({
  class_name: z.string(),
  config: z.union([z.array(layerSchema), z.object({ layers: z.array(layerSchema) })]),
});

const fileSchema = z.object({
  modelTopology: z.union([z.object({ model_config: modelSchema }), modelSchema]),
  weightsManifest: manifestSchema,
});

/**
 * Reads a model.json and brings its layers into the order of the data.
 *
 * @throws UserError where it is not a LayersModel, or not one chain of layers
 */
export async function readTopology(file: string): Promise<LayersModelFile> {
  const text = new TextDecoder().decode(await readModelFile(file));
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch (cause) {
    throw notAModel(file, `it is not valid JSON (${String(cause)})`);
  }
  const result = fileSchema.safeParse(json);
  if (!result.success) {
    const issue = result.error.issues[0]!;
    throw notAModel(file, `${issue.path.join('.') || 'the file'}: ${issue.message}`);
  }
  const { modelTopology, weightsManifest } = result.data;
  const model = 'model_config' in modelTopology ? modelTopology.model_config : modelTopology;
  const list = Array.isArray(model.config) ? model.config : model.config.layers;
  const layers = list.map((layer) => ({
    className: layer.class_name,
    name: layer.name ?? String(layer.config['name'] ?? layer.class_name),
    config: layer.config,
    inbound: sources(layer.inbound_nodes ?? []),
  }));
  if (layers.length === 0) throw notAModel(file, 'it has no layers');
  const ordered = model.class_name === 'Sequential' ? layers : chain(layers, file);
  return { layers: ordered, manifest: weightsManifest };
}

/** Names of the layers that feed a layer, in the ways that Keras 2 and 3 write them. */
function sources(nodes: readonly unknown[]): string[] {
  const found: string[] = [];
  const visit = (node: unknown): void => {
    if (Array.isArray(node)) {
      if (typeof node[0] === 'string') found.push(node[0]);
      else node.forEach(visit);
    } else if (typeof node === 'object' && node !== null) {
      Object.values(node).forEach(visit);
    }
  };
  visit(nodes);
  return found;
}

function chain<L extends KerasLayer & { readonly inbound: readonly string[] }>(
  layers: readonly L[],
  file: string,
): L[] {
  const ordered: L[] = [];
  let next = layers.filter(({ inbound }) => inbound.length === 0);
  while (next.length > 0) {
    const [layer] = next;
    if (next.length > 1 || !layer || layer.inbound.length > 1 || ordered.includes(layer)) {
      throw notAChain(
        next.map(({ name }) => name),
        file,
      );
    }
    ordered.push(layer);
    next = layers.filter(({ inbound }) => inbound.includes(layer.name));
  }
  if (ordered.length !== layers.length) {
    throw notAChain(
      layers.filter((layer) => !ordered.includes(layer)).map(({ name }) => name),
      file,
    );
  }
  return ordered;
}

function notAChain(names: readonly string[], file: string): UserError {
  return new UserError(
    'data',
    'MODEL_NOT_A_CHAIN',
    `The model ${file} branches at ${names.map((name) => `"${name}"`).join(', ')}; only a chain of layers can become a spiking network.`,
    { hint: 'Use a network without shortcuts, with one input and one output.', place: { file } },
  );
}

function notAModel(file: string, what: string): UserError {
  return new UserError(
    'data',
    'MODEL_FILE_CORRUPT',
    `${file} is not a tfjs LayersModel: ${what}.`,
    {
      hint: 'Save the model with tfjs’ `model.save` or convert it with `tensorflowjs_converter --output_format tfjs_layers_model`.',
      place: { file },
    },
  );
}
