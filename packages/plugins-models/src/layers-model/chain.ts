import { UserError } from '@privatesnn/core';
import { z } from 'zod';

import { callArguments } from './settings.js';

interface Node {
  readonly name: string;
  readonly className: string;
  /** What calls the layer was given in, as the file has it. */
  readonly inbound: readonly unknown[];
}

/** Names of the layers at the ends of a graph, as the file has them. */
interface Ends {
  readonly inputs: unknown;
  readonly outputs: unknown;
}

/** What one layer gives: its name, the number of its call, the number of the tensor. */
const endpoint = z.tuple([z.string(), z.int(), z.int()]).rest(z.unknown());
/** Keras writes one endpoint alone, or in a list. */
const endpoints = z.union([endpoint.transform((one) => [one]), z.array(endpoint)]);

/**
 * Brings the layers of a graph into the order of the data.
 *
 * @throws UserError where they are not one chain from the model's input to its output, where a layer names one that is
 *   not there, or is called with arguments that change its result
 */
export function chain<L extends Node>(layers: readonly L[], ends: Ends, file: string): L[] {
  const names = new Set(layers.map(({ name }) => name));
  const sources = new Map(
    layers.map((layer) => {
      const found = callsOf(layer, file);
      const absent = found.find((name) => !names.has(name));
      if (absent !== undefined) {
        throw contradiction(
          file,
          `"${layer.name}" takes the output of "${absent}", which is not there`,
        );
      }
      return [layer.name, found] as const;
    }),
  );
  const ordered: L[] = [];
  let next = layers.filter(({ name }) => sources.get(name)!.length === 0);
  while (next.length > 0) {
    const [layer] = next;
    if (
      next.length > 1 ||
      !layer ||
      sources.get(layer.name)!.length > 1 ||
      ordered.includes(layer)
    ) {
      throw notAChain(next, file);
    }
    ordered.push(layer);
    next = layers.filter(({ name }) => sources.get(name)!.includes(layer.name));
  }
  if (ordered.length !== layers.length) {
    throw notAChain(
      layers.filter((layer) => !ordered.includes(layer)),
      file,
    );
  }
  expectEnd(ends.inputs, ordered[0]!.name, 'input', file);
  expectEnd(ends.outputs, ordered.at(-1)!.name, 'output', file);
  return ordered;
}

/** Names of the layers that feed a layer, in the ways that Keras 2 and 3 write them. */
function callsOf({ name, className, inbound }: Node, file: string): string[] {
  const found: string[] = [];
  const take = (value: unknown): void => {
    const parsed = endpoint.safeParse(value);
    if (!parsed.success) {
      throw contradiction(file, `"${name}" names an input that is none: ${JSON.stringify(value)}`);
    }
    const [source, call, tensor, given] = parsed.data;
    if (call !== 0 || tensor !== 0) {
      throw contradiction(
        file,
        `"${name}" takes output ${tensor} of call ${call} of "${source}", but there is one`,
      );
    }
    found.push(source);
    if (given !== undefined) arguments_(given);
  };
  const arguments_ = (given: unknown): void => {
    const parsed = callArguments.safeParse(given);
    if (parsed.success) return;
    const { path, message } = parsed.error.issues[0]!;
    const value = path.reduce<unknown>(
      (at, key) => (at as Record<PropertyKey, unknown>)[key],
      given,
    );
    throw new UserError(
      'data',
      'MODEL_LAYER',
      `The layer "${name}" (${className}) of ${file} cannot be converted: it is called with ${path.join('.')} = ${JSON.stringify(value)}.`,
      { hint: message, place: { file } },
    );
  };
  const visit = (node: unknown): void => {
    if (Array.isArray(node)) {
      if (typeof node[0] === 'string') take(node);
      else node.forEach(visit);
    } else if (typeof node === 'object' && node !== null) {
      const { args, kwargs, config } = node as Record<string, unknown>;
      if (args !== undefined) {
        visit(args);
        arguments_(kwargs ?? {});
      } else {
        take((config as Record<string, unknown> | undefined)?.['keras_history']);
      }
    } else {
      take(node);
    }
  };
  visit(inbound);
  return found;
}

function expectEnd(given: unknown, name: string, what: 'input' | 'output', file: string): void {
  const parsed = endpoints.safeParse(given);
  if (parsed.success && parsed.data.length === 1 && parsed.data[0]![0] === name) return;
  throw contradiction(
    file,
    `its layers ${what === 'input' ? 'begin' : 'end'} with "${name}", but the model's ${what} is ${JSON.stringify(given)}`,
  );
}

function contradiction(file: string, what: string): UserError {
  return new UserError(
    'data',
    'MODEL_CONTRADICTION',
    `The model ${file} contradicts itself: ${what}.`,
    {
      hint: 'Save the model again; take a network with one input and one output.',
      place: { file },
    },
  );
}

function notAChain(layers: readonly Node[], file: string): UserError {
  const names = layers.map(({ name }) => `"${name}"`).join(', ');
  return new UserError(
    'data',
    'MODEL_NOT_A_CHAIN',
    `The model ${file} branches at ${names}; only a chain of layers can become a spiking network.`,
    { hint: 'Use a network without shortcuts, with one input and one output.', place: { file } },
  );
}
