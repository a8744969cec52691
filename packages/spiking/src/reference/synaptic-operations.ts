import type { Encoder } from '@privatesnn/core';

import type { LayerOperations } from '../engine.js';
import { pooled, type Operation, type Signal, type WeightedOperation } from './network.js';
import { sumPool } from './pooling.js';

/** Counts what synapses do, weighted layer by weighted layer. */
export class OperationCounter {
  private readonly layers: { layer: string; additions: number; multiplications: number }[];

  constructor(
    private readonly operations: readonly Operation[],
    private readonly encoder: Encoder['kind'],
  ) {
    this.layers = operations.flatMap((operation) =>
      operation.kind === 'weighted'
        ? [{ layer: operation.layer.name, additions: 0, multiplications: 0 }]
        : [],
    );
  }

  /** Adds one image's, from the spikes by layer, "input" first. */
  add(spikes: ReadonlyMap<string, Signal>): void {
    let input = 'input';
    let signal = spikes.get(input)!;
    let events = eventsIn(signal);
    for (const operation of this.operations) {
      switch (operation.kind) {
        case 'weighted': {
          const { name } = operation.layer;
          const counted = this.layers.find(({ layer }) => layer === name)!;
          const isConstant = input === 'input' && this.encoder === 'constant';
          if (isConstant) counted.multiplications += synapses(operation, eventsIn(signal));
          else counted.additions += synapses(operation, events);
          if (operation.last) return;
          input = name;
          signal = spikes.get(name)!;
          events = eventsIn(signal);
          break;
        }
        case 'average-pool':
          signal = pooled(operation, signal);
          events = events.map((x) => sumPool(operation.pooling, x));
          break;
        case 'max-pool':
          signal = pooled(operation, signal);
          events = eventsIn(signal);
          break;
        case 'dropout':
          break;
      }
    }
  }

  counts(): LayerOperations[] {
    return this.layers.map((counted) => ({ ...counted }));
  }
}

/** 1 where there is an event. */
function eventsIn(signal: Signal): Signal {
  return signal.map((x) => x.map((value) => (value === 0 ? 0 : 1)));
}

/** Synapses that events reach, over all time-steps. */
function synapses({ connections }: WeightedOperation, events: Signal): number {
  const { inChannels, outChannels, taps } = connections;
  let sum = 0;
  for (const step of events) {
    for (const { input } of taps) {
      for (let channel = 0; channel < inChannels; channel++) sum += step[input + channel]!;
    }
  }
  return sum * outChannels;
}
