import {
  biasOf,
  imagePlace,
  layerShapes,
  sourcesOf,
  spikingLayers,
  summingLayers,
  weightOf,
  windowOf,
  type AddLayer,
  type Architecture,
  type ConcatLayer,
  type Layer,
  type LayerShape,
  type Parameters,
  type WeightedLayer,
} from '@privatesnn/core';

import { averageDivisor } from '../average-divisor.js';
import type { Gains } from '../units.js';
import { connectionsOf, currentOf, type Connections } from './connections.js';
import { addUp, placesInConcat, shortcutPlaces } from './joins.js';
import { averagePool, gates, maxPool, type Pooling } from './pooling.js';

/** What a layer gives at each time-step: T arrays of [numbers]. */
export type Signal = readonly Float32Array[];

/** A layer, ready to compute. */
export type Operation =
  | WeightedOperation
  | AddOperation
  | ConcatOperation
  | PoolOperation
  | ShortcutOperation
  | DropoutOperation
  | FlattenOperation;

interface Common {
  /** Operations whose outputs it takes, by their numbers; -1 for the image. */
  readonly sources: readonly number[];
}

interface Summing extends Common {
  /** Whether its output passes neurons; else it is a current. */
  readonly spikes: boolean;
  /** Whether this is the last layer that sums: its current is read. */
  readonly last: boolean;
}

export interface WeightedOperation extends Summing {
  readonly kind: 'weighted';
  readonly layer: WeightedLayer;
  readonly connections: Connections;
  readonly weight: Float32Array;
  readonly bias: Float32Array | undefined;
}

export interface AddOperation extends Summing {
  readonly kind: 'add';
  readonly layer: AddLayer;
  /** What each input is multiplied with. */
  readonly gains: readonly number[];
  readonly outputs: number;
}

export interface ConcatOperation extends Common {
  readonly kind: 'concat';
  readonly layer: ConcatLayer;
  readonly gains: readonly number[];
  /** By input: where its numbers go. */
  readonly places: readonly Int32Array[];
}

export interface PoolOperation extends Common {
  readonly kind: 'average-pool' | 'max-pool';
  readonly pooling: Pooling;
  /** Of max-pooling: whether the unit alone passes that has given most so far. */
  readonly gated: boolean;
}

export interface ShortcutOperation extends Common {
  readonly kind: 'shortcut';
  /** Where the output's numbers come from; -1 for zeros. */
  readonly places: Int32Array;
  readonly inputs: number;
}

export interface DropoutOperation extends Common {
  readonly kind: 'dropout';
  readonly rate: number;
  /** Number of this layer in the architecture, which tells its noise from that of others. */
  readonly index: number;
}

export interface FlattenOperation extends Common {
  readonly kind: 'flatten';
}

/** One operation a layer, in their order. */
export function operationsOf(
  architecture: Architecture,
  parameters: Parameters,
  gains: Gains = {},
): Operation[] {
  const shapes = layerShapes(architecture);
  const sources = sourcesOf(architecture);
  const spiking = new Set<Layer>(spikingLayers(architecture));
  const last = summingLayers(architecture).at(-1);
  return architecture.layers.map((layer, index): Operation => {
    const common = { sources: sources[index]! };
    const inputs = common.sources.map((source): LayerShape =>
      source === imagePlace ? [...architecture.inputShape] : shapes[source]!,
    );
    const [input, output] = [inputs[0]!, shapes[index]!];
    switch (layer.kind) {
      case 'conv':
      case 'dense':
        return {
          ...common,
          kind: 'weighted',
          layer,
          connections: connectionsOf(layer, input, output),
          weight: weightOf(parameters, layer).data,
          bias: biasOf(parameters, layer)?.data,
          spikes: spiking.has(layer),
          last: layer === last,
        };
      case 'add':
        return {
          ...common,
          kind: 'add',
          layer,
          gains: gains[layer.name] ?? inputs.map(() => 1),
          outputs: output[0] * output[1] * output[2],
          spikes: spiking.has(layer),
          last: layer === last,
        };
      case 'concat':
        return {
          ...common,
          kind: 'concat',
          layer,
          gains: gains[layer.name] ?? inputs.map(() => 1),
          places: inputs.map((_, which) => placesInConcat(inputs, which)),
        };
      case 'average-pool':
      case 'max-pool': {
        const window = windowOf(layer);
        const area = window.kernel[0] * window.kernel[1];
        const [height, width] = input;
        const divisor = averageDivisor(layer, { height, width });
        const countPadded = layer.kind === 'max-pool' || layer.countPadded !== false;
        return {
          ...common,
          kind: layer.kind,
          pooling: { window, area, divisor, countPadded, input, output },
          gated: layer.kind === 'max-pool' && layer.gated === true,
        };
      }
      case 'shortcut':
        return {
          ...common,
          kind: 'shortcut',
          places: shortcutPlaces(layer, input, output),
          inputs: input[0] * input[1] * input[2],
        };
      case 'dropout':
        return { ...common, kind: 'dropout', rate: layer.rate, index };
      case 'flatten':
        return { ...common, kind: 'flatten' };
    }
  });
}

/** What an operation makes of its inputs at each time-step: the current, where it sums. */
export function computed(operation: Operation, inputs: readonly Signal[]): Signal {
  const input = inputs[0]!;
  switch (operation.kind) {
    case 'weighted':
      return currents(operation, input);
    case 'add':
      return input.map((_, t) =>
        addUp(
          inputs.map((signal) => signal[t]!),
          operation.gains,
        ),
      );
    case 'concat':
      return input.map((_, t) =>
        joined(
          operation,
          inputs.map((signal) => signal[t]!),
        ),
      );
    case 'average-pool':
    case 'max-pool':
      return pooled(operation, input);
    case 'shortcut':
      return input.map((x) => Float32Array.from(operation.places, (place) => x[place] ?? 0));
    case 'flatten':
    case 'dropout':
      return input;
  }
}

/** The signals that an operation takes. */
export function inputsOf(
  { sources }: Operation,
  encoded: Signal,
  outputs: readonly (Signal | undefined)[],
): Signal[] {
  return sources.map((source) => (source === imagePlace ? encoded : outputs[source]!));
}

/** A weighted layer's input current at each time-step; the bias is a constant current. */
export function currents({ connections, weight, bias }: WeightedOperation, input: Signal): Signal {
  return input.map((x) => currentOf(connections, weight, bias, x));
}

/** Pooling at each time-step. */
export function pooled({ kind, pooling, gated }: PoolOperation, input: Signal): Signal {
  if (gated) {
    return gates(pooling, input).map((open, t) => Float32Array.from(open, (i) => input[t]![i]!));
  }
  const pool = kind === 'average-pool' ? averagePool : maxPool;
  return input.map((x) => pool(pooling, x));
}

function joined({ places, gains }: ConcatOperation, inputs: readonly Float32Array[]): Float32Array {
  const result = new Float32Array(inputs.reduce((sum, x) => sum + x.length, 0));
  inputs.forEach((x, k) => {
    places[k]!.forEach((place, i) => (result[place] = gains[k]! * x[i]!));
  });
  return result;
}

/** The number of entries that are not 0: spikes, whatever their sign. */
export function countSpikes(signal: Signal): number {
  return signal.reduce((sum, x) => sum + x.reduce((n, value) => n + (value === 0 ? 0 : 1), 0), 0);
}

/** How many of them are negative. */
export function countNegative(signal: Signal): number {
  return signal.reduce((sum, x) => sum + x.reduce((n, value) => n + (value < 0 ? 1 : 0), 0), 0);
}
