import { suggestion, UserError, type Parameter } from '@privatesnn/core';

import { expectFinite } from '../finite.js';
import { called } from '../steps/refusal.js';
import { originOf, type KerasLayer } from './model.js';

/** A variable of a layer: what it may be called, and its place among the layer's. */
export interface Variable {
  readonly names: readonly string[];
  readonly index: number;
}

/** The weights in a file, by keys of its own. */
export interface StoredWeights {
  readonly keys: readonly string[];
  /** Keys that may be those of a variable; more than one where names do not tell. */
  find(layer: KerasLayer, variable: Variable): readonly string[];
  shapeOf(key: string): readonly number[];
  /** Its numbers, in an array of their own. */
  read(key: string): Float32Array;
  /** Whether a weight is one of the training's, that no layer takes. */
  isOfTraining(key: string): boolean;
}

/** The weights of a model, of which a layer takes what it needs. */
export interface Weights {
  /**
   * @throws UserError where there is none or more than one, of another shape, or with numbers that are not finite
   */
  take(layer: KerasLayer, variable: Variable, shape: readonly number[]): Parameter;
  /** Leaves a variable of a layer, where it has it, that no result depends on. */
  leave(layer: KerasLayer, variable: Variable): void;
  /** Names of weights that no layer took. */
  left(): string[];
}

export function weightsOf(stored: StoredWeights, file: string): Weights {
  const taken = new Set<string>();
  return {
    take(layer, variable, shape) {
      const found = stored.find(layer, variable);
      const [key] = found;
      if (key === undefined || found.length > 1)
        throw missing(layer, variable, found, stored, file);
      const given = stored.shapeOf(key);
      if (given.join() !== shape.join()) {
        throw new UserError(
          'data',
          'TENSOR_SHAPE',
          `The weight "${key}" of ${file} has the shape ${given.join(' × ') || 'of a scalar'}, but ` +
            `${shape.join(' × ') || 'a scalar'} was expected by ${called(originOf(layer))}.`,
          { hint: 'The topology and the weights do not belong together.', place: { file } },
        );
      }
      const parameter = { shape, data: stored.read(key) };
      expectFinite(parameter, key, file);
      taken.add(key);
      return parameter;
    },
    leave: (layer, variable) => stored.find(layer, variable).forEach((key) => taken.add(key)),
    left: () => stored.keys.filter((key) => !taken.has(key) && !stored.isOfTraining(key)),
  };
}

function missing(
  layer: KerasLayer,
  { names }: Variable,
  found: readonly string[],
  { keys }: StoredWeights,
  file: string,
): UserError {
  const wanted = `${layer.name}/${names[0]}`;
  const what = found.length === 0 ? 'no weight' : `more than one weight (${found.join(', ')})`;
  return new UserError('data', 'TENSOR_MISSING', `${file} has ${what} "${wanted}".`, {
    hint: suggestion(wanted, keys, 'weights'),
    place: { file },
  });
}

/** Of keys "model/layer/variable", those of a variable of a layer: with as many of the models' names as any has. */
export function keysOf(
  keys: readonly string[],
  path: readonly string[],
  variable: string,
): readonly string[] {
  for (let first = 0; first < path.length; first++) {
    const end = [...path.slice(first), variable].join('/');
    const found = keys.filter((key) => key === end || key.endsWith(`/${end}`));
    if (found.length > 0) return found;
  }
  return [];
}
