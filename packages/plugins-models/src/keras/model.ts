import { z } from 'zod';

import { contradiction, refuse, type Place } from '../steps/refusal.js';
import type { Origin } from '../steps/step.js';
import { callsOf, endOf, type Call, type Endpoint } from './calls.js';

/** One layer of a Keras or tfjs model: its class, its name, its settings as the file has them. */
export interface KerasLayer {
  /** The class, "ops." before it where it is an operation outside of layers. */
  readonly className: string;
  readonly name: string;
  /** Its name after those of the models that it lies in. */
  readonly path: readonly string[];
  /** Where a .keras file keeps its variables: by classes, as names may be made up anew. */
  readonly stored: string;
  readonly config: Readonly<Record<string, unknown>>;
  /** What the file says of the shape of its input, wherever it does: [batch, …]. */
  readonly inputShapes: readonly (readonly unknown[])[];
  readonly calls: readonly Call[];
  /** Of a model that is used as a layer. */
  readonly model: KerasModel | undefined;
}

/** A graph of layers with one input and one output. */
export interface KerasModel {
  readonly name: string;
  /** In the order of the file. */
  readonly layers: readonly KerasLayer[];
  /** The layer that gives the input; undefined where the first layer takes it. */
  readonly input: string | undefined;
  readonly output: Endpoint;
}

const record = z.record(z.string(), z.unknown());
const layerSchema = z.object({
  class_name: z.string(),
  /** Where Keras 3 has the class from. */
  module: z.string().nullish(),
  name: z.string().optional(),
  config: z.unknown(),
  inbound_nodes: z.unknown().optional(),
  /** Keras writes one for classes that are not its own. */
  registered_name: z.string().nullish(),
  build_config: record.nullish(),
});
type LayerMessage = z.output<typeof layerSchema>;

/** Sequential models may be a bare list of layers. */
const modelConfig = z.preprocess(
  (value) => (Array.isArray(value) ? { layers: value as unknown[] } : value),
  z.looseObject({ name: z.string().optional(), layers: z.array(layerSchema).min(1) }),
);
const models: ReadonlySet<string> = new Set(['Sequential', 'Functional', 'Model']);

/** Models that contain models: more are a mistake, or an attack. */
const deepest = 30;
const mostLayers = 20_000;

interface Inside {
  readonly file: string;
  readonly path: readonly string[];
  readonly stored: string;
}

/** How a layer is called in messages. */
export const originOf = (
  { className, path }: Pick<KerasLayer, 'className' | 'path'>,
  noun: Origin['noun'] = 'layer',
): Origin => ({ noun, name: path.join('/'), op: className.replace('ops.', ''), outputs: [] });

/**
 * Reads the description of a model, which Keras calls its config.
 *
 * @param value as JSON has it
 * @param wrong the error for something that is no such description
 * @throws UserError where it has not one input and one output, is a class of the user's own, or contradicts itself
 */
export function modelOf(
  value: unknown,
  file: string,
  wrong: (problem: string) => Error,
): KerasModel {
  const parsed = layerSchema.safeParse(value);
  if (!parsed.success) throw wrong(issueText(parsed.error));
  const message = parsed.data;
  if (!models.has(message.class_name)) {
    throw wrong(
      `it holds a model of the class "${message.class_name}", whose graph of layers is not in the file`,
    );
  }
  return readModel(message, { file, path: [], stored: 'layers' }, wrong);
}

function readModel(
  message: LayerMessage,
  inside: Inside,
  wrong: (problem: string) => Error,
): KerasModel {
  const { file } = inside;
  const parsed = modelConfig.safeParse(message.config);
  if (!parsed.success) throw wrong(issueText(parsed.error));
  const { layers: messages, name = '' } = parsed.data;
  if (messages.length > mostLayers) {
    throw contradiction(file, `it has ${messages.length} layers; at most ${mostLayers} are read`);
  }
  const counts = new Map<string, number>();
  const layers = messages.map((one) => readLayer(one, counts, inside, wrong));
  const names = layers.map((layer) => layer.name);
  const twice = names.find((one, i) => names.indexOf(one) !== i);
  if (twice !== undefined) throw wrong(`two layers are called "${twice}"`);
  if (message.class_name === 'Sequential') {
    const chained = layers.map((layer, i): KerasLayer => {
      if (layer.className === 'InputLayer' && i > 0) {
        throw contradiction(file, `"${layer.name}" is an input behind the first layer`);
      }
      return { ...layer, calls: i === 0 ? [[]] : [[{ layer: names[i - 1]!, call: 0 }]] };
    });
    return { name, layers: chained, input: undefined, output: { layer: names.at(-1)!, call: 0 } };
  }
  const input = endOf(parsed.data['input_layers'], 'input', file);
  const output = endOf(parsed.data['output_layers'], 'output', file);
  return { name, layers, input: input.layer, output };
}

function readLayer(
  message: LayerMessage,
  counts: Map<string, number>,
  inside: Inside,
  wrong: (problem: string) => Error,
): KerasLayer {
  const { class_name: type, module, registered_name: registered } = message;
  const { file } = inside;
  const isModel = models.has(type);
  const isOperation = module?.includes('.ops.') ?? false;
  const config = Array.isArray(message.config) ? { layers: message.config } : message.config;
  const settings = record.safeParse(config);
  if (!settings.success) throw wrong(`the settings of a ${type} layer are no object`);
  const name = settings.data['name'] ?? (isModel ? message.name : undefined);
  if (typeof name !== 'string') throw wrong(`the settings of a ${type} layer lack its name`);
  if (message.name !== undefined && message.name !== name) {
    throw wrong(`the layer "${message.name}" is called "${name}" in its settings`);
  }
  const path = [...inside.path, name];
  const className = isOperation ? `ops.${type}` : type;
  const place: Place = { node: originOf({ className, path }), file };
  if (registered && registered !== type) {
    throw refuse(
      place,
      `its class "${registered}" is not one of Keras`,
      'Build the network with the layers of Keras, copy the weights into it, and save that one.',
    );
  }
  let stored = '';
  if (!isOperation) {
    const key = snakeCase(type);
    const count = counts.get(key) ?? 0;
    counts.set(key, count + 1);
    stored = `${inside.stored}/${count === 0 ? key : `${key}_${count}`}`;
  }
  if (path.length > deepest) {
    throw contradiction(file, `it has models in models, more than ${deepest} deep`);
  }
  const shapes = [
    settings.data['batch_input_shape'],
    settings.data['batch_shape'],
    message.build_config?.['input_shape'],
  ];
  return {
    className,
    name,
    path,
    stored,
    config: settings.data,
    inputShapes: shapes.filter(
      (shape): shape is unknown[] => Array.isArray(shape) && !Array.isArray(shape[0]),
    ),
    calls: callsOf(message.inbound_nodes, place),
    model: isModel
      ? readModel({ ...message, config }, { file, path, stored: `${stored}/layers` }, wrong)
      : undefined,
  };
}

/** A class's name as Keras writes it into files: "InputLayer" is "input_layer". */
function snakeCase(name: string): string {
  return name
    .replace(/\W+/g, '')
    .replace(/(.)([A-Z][a-z]+)/g, '$1_$2')
    .replace(/([a-z])([A-Z])/g, '$1_$2')
    .toLowerCase();
}

function issueText(error: z.ZodError): string {
  const { path, message } = error.issues[0]!;
  return `${path.join('.') || 'the model'}: ${message}`;
}
