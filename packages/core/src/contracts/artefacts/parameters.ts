import { z } from 'zod';

import { layerShapes, spikingLayers, summingLayers } from '../graph.js';
import { parameterShapes, weightedLayers } from '../network.js';
import type { Architecture } from './architecture.js';
import type { Immutable } from './immutable.js';
import { float32Array, name } from './values.js';

const parameter = z.strictObject({
  shape: z.array(z.int().min(1)),
  /** Row-major. */
  data: float32Array,
});

export const parametersSchema = z.record(name, parameter);

/** One named tensor. */
export interface Parameter extends Immutable<z.output<typeof parameter>> {}

/** Parameters by name: `<layer>.weight`, `<layer>.bias`. */
export interface Parameters extends Immutable<z.output<typeof parametersSchema>> {}

/** A fault of a network whose parts are right each for itself, but do not fit together. */
export interface Misfit {
  readonly path: string[];
  readonly message: string;
}

/** What an ANN and an SNN have in common. */
interface Network {
  readonly architecture: Architecture;
  readonly parameters: Parameters;
  readonly classNames: readonly string[];
}

/**
 * Where the layers do not fit one another, the parameters the layers, or the class names the number of classes: every
 * layer has the parameters of its shape and there are no others.
 */
export function* misfits({ architecture, parameters, classNames }: Network): Generator<Misfit> {
  let outputs: number;
  try {
    outputs = layerShapes(architecture)
      .at(-1)!
      .reduce((product, size) => product * size);
  } catch (error) {
    yield { path: ['architecture', 'layers'], message: (error as Error).message };
    return;
  }
  yield* wrongNeurons(architecture);
  const layers = weightedLayers(architecture);
  const { classes } = architecture;
  if (outputs !== classes) {
    const message = `Expected ${classes}, one for each output of the last layer, which has ${outputs}`;
    yield { path: ['architecture', 'classes'], message };
  }
  if (classNames.length !== classes) {
    const message = `Expected ${classes}, one for each class, received ${classNames.length}`;
    yield { path: ['classNames'], message };
  }
  const shapes = Object.fromEntries(
    layers.flatMap((layer) => Object.entries(parameterShapes(layer))),
  );
  yield* wrongNames('parameters', Object.keys(parameters), Object.keys(shapes));
  for (const [key, shape] of Object.entries(shapes)) {
    const found = Object.hasOwn(parameters, key) ? parameters[key]! : undefined;
    if (!found) continue;
    const count = shape.reduce((product, size) => product * size, 1);
    if (found.shape.join() !== shape.join() || found.data.length !== count) {
      const message = `Expected the shape ${shape.join(' × ')}, received ${found.shape.join(' × ')} with ${found.data.length} numbers`;
      yield { path: ['parameters', key], message };
    }
  }
}

/** Layers that say where their ReLU is clipped, but have none. */
function* wrongNeurons(architecture: Architecture): Generator<Misfit> {
  const spiking = new Set<unknown>(spikingLayers(architecture));
  for (const layer of summingLayers(architecture)) {
    if (layer.maximum !== undefined && !spiking.has(layer)) {
      const message = `"${layer.name}" has a maximum, but no ReLU: it is linear, or the last`;
      yield { path: ['architecture', 'layers'], message };
    }
  }
}

/** Names that should be there and are not, or the other way round. */
export function* wrongNames(
  field: string,
  received: readonly string[],
  expected: readonly string[],
): Generator<Misfit> {
  for (const one of received) {
    if (!expected.includes(one)) {
      const message = `No part of the architecture has it; expected ${expected.join(', ') || 'none'}`;
      yield { path: [field, one], message };
    }
  }
  for (const one of expected) {
    if (!received.includes(one)) yield { path: [field, one], message: 'It is missing' };
  }
}
