import { expectSmall } from '../steps/feature.js';
import type { Steps } from '../steps/network.js';
import { contradiction, refuse, type Place } from '../steps/refusal.js';
import type { Feature } from '../steps/step.js';
import { dimensions, type Shape } from '../steps/view.js';
import type { Call, Endpoint } from './calls.js';
import { imageInput } from './image.js';
import { builders, unknownLayer } from './layers.js';
import { originOf, type KerasLayer, type KerasModel } from './model.js';
import type { Builder, Operation } from './operation.js';
import { isKnown, layerSettings, type LayerType } from './settings.js';
import type { Weights } from './weights.js';

interface Build {
  readonly file: string;
  readonly weights: Weights;
  remark(text: string): void;
}

/**
 * Reads a model layer by layer, models in it too: each call of a layer becomes steps.
 *
 * @throws UserError that names the layer, where one cannot be part of a network for conversion
 */
export function buildSteps(
  model: KerasModel,
  weights: Weights,
  inputShape: Shape | null | undefined,
  file: string,
): Steps & { readonly batchSize: number | undefined } {
  const image = imageInput(model, inputShape, file);
  const told = new Map<string, number>();
  const remark = (text: string) => told.set(text, (told.get(text) ?? 0) + 1);
  const output = through(model, image.feature, { file, weights, remark });
  return {
    output,
    outputName: model.output.layer,
    input: image.feature,
    batchSize: image.batchSize,
    remarks: [
      ...image.remarks,
      ...[...told].map(([text, count]) => `${file}: ${text} (${count} of them).`),
    ],
  };
}

/** What a model gives for an input: each call of a layer after those that it takes from. */
function through(model: KerasModel, input: Feature, build: Build): Feature {
  const { file } = build;
  const layers = new Map(model.layers.map((layer) => [layer.name, layer]));
  const values = new Map<string, Feature>();
  const begun = new Set<string>();
  const open: {
    readonly layer: KerasLayer;
    readonly call: Call;
    readonly key: string;
    next: number;
  }[] = [];
  const visit = (end: Endpoint, by: string) => {
    const key = keyOf(end);
    if (values.has(key)) return;
    const what = `call ${end.call} of "${end.layer}"`;
    if (begun.has(key)) throw contradiction(file, `${by} takes from itself, in a circle`);
    const layer = layers.get(end.layer);
    const call = layer && callOf(layer, end.call);
    if (!call) throw contradiction(file, `${by} takes ${what}, which is not there`);
    if (call.length === 0 && model.input !== undefined && layer.name !== model.input) {
      throw contradiction(file, `"${layer.name}" takes nothing, and the input is "${model.input}"`);
    }
    begun.add(key);
    open.push({ layer, call, key, next: 0 });
  };
  visit(model.output, 'the output');
  for (let top = open.at(-1); top; top = open.at(-1)) {
    const next = top.call[top.next++];
    if (next) {
      visit(next, `"${top.layer.name}"`);
      continue;
    }
    const { call, layer, key } = top;
    const inputs = call.length === 0 ? [input] : call.map((one) => values.get(keyOf(one))!);
    values.set(key, called(layer, inputs, build));
    open.pop();
  }
  const used = new Set([...values.keys()].map((key) => key.slice(key.indexOf(' ') + 1)));
  const idle = model.layers.find(({ name }) => !used.has(name));
  if (!idle) return values.get(keyOf(model.output))!;
  throw contradiction(file, `its output does not need the layer "${idle.path.join('/')}"`);
}

const keyOf = ({ layer, call }: Endpoint) => `${call} ${layer}`;

/** What a layer takes in one of its calls; an input of the model takes nothing. */
function callOf({ className, calls }: KerasLayer, call: number): Call | undefined {
  return calls[call] ?? (className === 'InputLayer' && call === 0 ? [] : undefined);
}

/** What one call of a layer gives. */
function called(layer: KerasLayer, inputs: readonly Feature[], build: Build): Feature {
  const { file, weights, remark } = build;
  const place: Place = { node: originOf(layer), file };
  expectShapes(layer, inputs, place);
  if (layer.model) {
    const [input, ...more] = inputs;
    if (!input || more.length > 0) {
      throw refuse(place, `it takes ${inputs.length} inputs`, 'Let models in models take one.');
    }
    return through(layer.model, input, build);
  }
  const type = layer.className;
  if (!isKnown(type)) throw unknownLayer(place, type);
  const settings = settingsOf(layer, type, place);
  if (type === 'InputLayer') return inputs[0]!;
  const operation = {
    ...place,
    type,
    settings,
    inputs,
    remark,
    leave: (name, index) => weights.leave(layer, { names: [name], index }),
    weight: (names, index, shape) =>
      weights.take(layer, { names: [names].flat() as string[], index }, shape),
  } as Operation;
  const result = (builders[type] as Builder<LayerType>)(operation);
  expectSmall(place, result.step);
  return result;
}

/** The settings of a layer, each looked at. */
function settingsOf({ config }: KerasLayer, type: LayerType, place: Place): unknown {
  const result = layerSettings[type].safeParse(config);
  if (result.success) return result.data;
  const { path, message } = result.error.issues[0]!;
  const key = String(path[0]);
  const value = config[key];
  const found = value === undefined ? 'is missing' : `is ${JSON.stringify(value).slice(0, 200)}`;
  throw refuse(place, `its setting "${key}" ${found}`, message);
}

/** Where the file gives the shape of what a layer takes, it must be what reaches it. */
function expectShapes(layer: KerasLayer, inputs: readonly Feature[], place: Place): void {
  // A layer that is called more than once tells of one call.
  if (layer.calls.length > 1 || inputs.length !== 1) return;
  const { view, step } = inputs[0]!;
  const sizes = dimensions(view, step.shape);
  const wrong = layer.inputShapes.find(
    ([, ...given]) =>
      given.length !== sizes.length ||
      given.some((size, at) => size !== null && size !== sizes[at]),
  );
  if (wrong === undefined) return;
  throw refuse(
    place,
    `what reaches it has the shape ${JSON.stringify([null, ...sizes])}, but the file says ${JSON.stringify(wrong)}`,
    'The file contradicts itself: save the model again.',
  );
}
