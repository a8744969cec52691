import {
  biasOf,
  layerShapes,
  squareWindow,
  weightedLayers,
  weightOf,
  type Architecture,
  type Parameters,
  type WeightedLayer,
} from '@privatesnn/core';

import { connectionsOf, currentOf, type Connections } from './connections.js';
import { averagePool, maxPool, type Pooling } from './pooling.js';

/** What a layer of neurons gives at each time-step: T arrays of [neurons]. */
export type Signal = readonly Float32Array[];

/** A layer, ready to compute; flatten layers change no number and are left out. */
export type Operation = WeightedOperation | PoolOperation | DropoutOperation;

export interface WeightedOperation {
  readonly kind: 'weighted';
  readonly layer: WeightedLayer;
  readonly connections: Connections;
  readonly weight: Float32Array;
  readonly bias: Float32Array | undefined;
  /** Whether this is the last weighted layer, which integrates and does not spike. */
  readonly last: boolean;
}

export interface PoolOperation {
  readonly kind: 'average-pool' | 'max-pool';
  readonly pooling: Pooling;
}

export interface DropoutOperation {
  readonly kind: 'dropout';
  readonly rate: number;
  /** Number of this layer in the architecture, which tells its noise from that of others. */
  readonly index: number;
}

export function operationsOf(architecture: Architecture, parameters: Parameters): Operation[] {
  const shapes = layerShapes(architecture);
  const last = weightedLayers(architecture).at(-1);
  return architecture.layers.flatMap((layer, index): Operation[] => {
    const input = index === 0 ? architecture.inputShape : shapes[index - 1]!;
    const output = shapes[index]!;
    switch (layer.kind) {
      case 'conv':
      case 'dense':
        return [
          {
            kind: 'weighted',
            layer,
            connections: connectionsOf(layer, input, output),
            weight: weightOf(parameters, layer).data,
            bias: biasOf(parameters, layer)?.data,
            last: layer === last,
          },
        ];
      case 'average-pool':
      case 'max-pool':
        return [
          { kind: layer.kind, pooling: { size: squareWindow(layer)!.kernel, input, output } },
        ];
      case 'dropout':
        return [{ kind: 'dropout', rate: layer.rate, index }];
      case 'flatten':
        return [];
      case 'add':
      case 'concat':
      case 'shortcut':
        throw new Error(`No ${layer.kind} can be computed yet.`);
    }
  });
}

/** A weighted layer's input current at each time-step; the bias is a constant current. */
export function currents({ connections, weight, bias }: WeightedOperation, input: Signal): Signal {
  return input.map((x) => currentOf(connections, weight, bias, x));
}

/** Pooling at each time-step. */
export function pooled({ kind, pooling }: PoolOperation, input: Signal): Signal {
  const pool = kind === 'average-pool' ? averagePool : maxPool;
  return input.map((x) => pool(pooling, x));
}

/** The number of entries that are not 0: spikes, whatever their sign. */
export function countSpikes(signal: Signal): number {
  return signal.reduce((sum, x) => sum + x.reduce((n, value) => n + (value === 0 ? 0 : 1), 0), 0);
}
