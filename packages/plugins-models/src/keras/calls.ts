import { UserError } from '@privatesnn/core';
import { z } from 'zod';

import { contradiction, refuse, type Place } from '../steps/refusal.js';
import { callArguments } from './settings.js';

/** What a call of a layer gives: the layer's name, the number of its call. */
export interface Endpoint {
  readonly layer: string;
  readonly call: number;
}

/** What a layer takes in one call. */
export type Call = readonly Endpoint[];

/** Layer, call, number of the tensor; Keras 2 writes the call's other arguments beside it. */
const endpoint = z.tuple([z.string(), z.int().min(0), z.int()]).rest(z.unknown());

/** Reads an endpoint; undefined where it is none. */
function endpointOf(value: unknown, file: string, by: string): Endpoint | undefined {
  const parsed = endpoint.safeParse(value);
  if (!parsed.success) return undefined;
  const [layer, call, tensor] = parsed.data;
  if (tensor === 0) return { layer, call };
  throw contradiction(file, `${by} takes output ${tensor} of "${layer}", which has one`);
}

/**
 * The calls of a layer, in the ways that Keras 2 and 3 and TensorFlow.js write its "inbound_nodes".
 *
 * @throws UserError where one takes something else than layers give, or has arguments that change its result
 */
export function callsOf(inbound: unknown, place: Place): Call[] {
  const { node, file } = place;
  const name = `"${node.name}"`;
  if (inbound === undefined || inbound === null) return [];
  if (!Array.isArray(inbound)) throw contradiction(file, `${name} does not list its inputs`);
  return inbound.map((entry: unknown): Call => {
    const found: Endpoint[] = [];
    const take = (value: unknown): void => {
      const one = endpointOf(value, file, name);
      if (!one) {
        throw contradiction(file, `${name} names an input that is none: ${JSON.stringify(value)}`);
      }
      found.push(one);
      const given = (value as unknown[])[3];
      if (given !== undefined) expectArguments(given, place);
    };
    const visit = (value: unknown): void => {
      if (Array.isArray(value)) {
        if (typeof value[0] === 'string') take(value);
        else value.forEach(visit);
        return;
      }
      const history = (value as { config?: { keras_history?: unknown } } | null)?.config
        ?.keras_history;
      if (history !== undefined) return take(history);
      throw refuse(
        place,
        `it takes ${JSON.stringify(value)?.slice(0, 80) ?? 'nothing'}, which no layer gives`,
        'Let layers take what other layers give, and put constants into layers: Rescaling, for factors and offsets.',
      );
    };
    if (typeof entry === 'object' && entry !== null && !Array.isArray(entry)) {
      const { args, kwargs = {} } = entry as Record<string, unknown>;
      if (!Array.isArray(args)) throw contradiction(file, `${name} does not list its inputs`);
      args.forEach(visit);
      expectArguments(kwargs, place);
    } else {
      visit(entry);
    }
    return found;
  });
}

/** The ends of a model: "input_layers" or "output_layers", of which there must be one. */
export function endOf(given: unknown, what: 'input' | 'output', file: string): Endpoint {
  // Keras writes one endpoint alone, or in a list.
  const list = Array.isArray(given) && Array.isArray(given[0]) ? given : [given];
  const ends = list.map((one) => endpointOf(one, file, `its ${what}`));
  const [end] = ends;
  if (ends.length === 1 && end) return end;
  if (!ends.every((one) => one !== undefined)) {
    throw contradiction(file, `its ${what} is ${JSON.stringify(given) ?? 'missing'}`);
  }
  throw new UserError(
    'data',
    'MODEL_ENDS',
    `The network ${file} should have one ${what}, but has ${ends.length}: ${ends.map(({ layer }) => `"${layer}"`).join(', ')}.`,
    {
      hint:
        what === 'input'
          ? 'Take a classifier of images: one input, and everything else constant.'
          : 'Save the network with the logits alone: keras.Model(inputs, logits).',
      place: { file },
    },
  );
}

function expectArguments(given: unknown, place: Place): void {
  const parsed = callArguments.safeParse(given);
  if (parsed.success) return;
  const { path, message } = parsed.error.issues[0]!;
  const value = path.reduce<unknown>((at, key) => (at as Record<PropertyKey, unknown>)[key], given);
  throw refuse(place, `it is called with ${path.join('.')} = ${JSON.stringify(value)}`, message);
}
