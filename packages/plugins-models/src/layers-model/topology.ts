import { z } from 'zod';

import { readModelFile } from '../read-model.js';
import { parseJson } from '../strict-json.js';
import { notLayersModel } from '../wrong-model-file.js';
import { chain } from './chain.js';
import { manifestSchema, type Manifest } from './weights.js';

/** One layer of a Keras or tfjs model: its class, its name, its settings as the file has them. */
export interface KerasLayer {
  readonly className: string;
  readonly name: string;
  readonly config: Readonly<Record<string, unknown>>;
  /** What the file says of the shape of its input, wherever it does: [batch, height, width, channels]. */
  readonly inputShapes: readonly unknown[];
}

export interface LayersModelFile {
  /** In the order of the data. */
  readonly layers: readonly KerasLayer[];
  readonly manifest: Manifest;
}

const record = z.record(z.string(), z.unknown());
const layerSchema = z.object({
  class_name: z.string(),
  name: z.string().optional(),
  config: record,
  inbound_nodes: z.array(z.unknown()).optional(),
  /** Keras writes one for classes that are not its own. */
  registered_name: z.string().nullish(),
  build_config: record.nullish(),
});
/** Sequential models may be a bare list of layers. */
const withLayers = <S extends z.ZodRawShape>(shape: S) =>
  z.preprocess(
    (value) => (Array.isArray(value) ? { layers: value as unknown[] } : value),
    z.object({ layers: z.array(layerSchema).min(1), ...shape }),
  );
const ends = { input_layers: z.unknown().optional(), output_layers: z.unknown().optional() };
const modelSchema = z.discriminatedUnion('class_name', [
  z.object({ class_name: z.literal('Sequential'), config: withLayers({}) }),
  z.object({ class_name: z.enum(['Functional', 'Model']), config: withLayers(ends) }),
]);
const fileSchema = z.object({
  modelTopology: z.preprocess(
    (value) => (value as { model_config?: unknown } | undefined)?.model_config ?? value,
    modelSchema,
  ),
  weightsManifest: manifestSchema,
});

const saveAgain =
  'Save the model with tfjs’ `model.save` or convert it with `tensorflowjs_converter --output_format tfjs_layers_model`.';

/**
 * Reads a model.json and brings its layers into the order of the data.
 *
 * @throws UserError where it is not a LayersModel, not one chain of layers, or contradicts itself
 */
export async function readTopology(file: string): Promise<LayersModelFile> {
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
  const { modelTopology: model, weightsManifest: manifest } = result.data;
  const layers = model.config.layers.map((layer) => {
    const { class_name: className, config, registered_name: registered } = layer;
    const name = config['name'];
    if (typeof name !== 'string') throw wrong(`the settings of a ${className} layer lack its name`);
    if (layer.name !== undefined && layer.name !== name) {
      throw wrong(`the layer "${layer.name}" is called "${name}" in its settings`);
    }
    if (registered && registered !== className) {
      throw wrong(
        `the class ${registered} of the layer "${name}" is not one of Keras`,
        'Build the network with the layers of Keras, copy the weights into it, and save that one.',
      );
    }
    const shapes = [
      config['batch_input_shape'],
      config['batch_shape'],
      layer.build_config?.['input_shape'],
    ];
    const inputShapes = shapes.filter((shape) => shape != null);
    return { className, name, config, inputShapes, inbound: layer.inbound_nodes ?? [] };
  });
  const names = layers.map(({ name }) => name);
  const twice = names.find((name, i) => names.indexOf(name) !== i);
  if (twice !== undefined) throw wrong(`two layers are called "${twice}"`);
  if (model.class_name === 'Sequential') return { layers, manifest };
  const { input_layers: inputs, output_layers: outputs } = model.config;
  return { layers: chain(layers, { inputs, outputs }, file), manifest };
}
