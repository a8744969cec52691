import { imagePlace, type Encoder } from '@privatesnn/core';

import type { LayerOperations } from '../engine.js';
import {
  computed,
  type AddOperation,
  type Operation,
  type PoolOperation,
  type Signal,
  type WeightedOperation,
} from './network.js';
import { sumPool } from './pooling.js';

/** What one number of a signal is: a spike, a number of a constant input, or one of a linear layer's current. */
type NumberKind = 'spike' | 'constant' | 'current';

/** What an operation gives to those that take it. */
interface Load {
  readonly values: Signal;
  /** How many events arrive by each number. */
  readonly events: Signal;
  readonly kinds: readonly NumberKind[];
}

/** Counts what synapses do, layer by layer. */
export class OperationCounter {
  private readonly layers: { layer: string; additions: number; multiplications: number }[];

  /** The operations before neurons, which take the time-steps of a probe twice. */
  private readonly probed: ReadonlySet<Operation>;

  /** @param probeSteps τ of the network's neurons; 0 for no probe */
  constructor(
    private readonly operations: readonly Operation[],
    private readonly encoder: Encoder['kind'],
    private readonly probeSteps = 0,
  ) {
    this.probed = beforeNeurons(operations);
    this.layers = operations.flatMap((operation) =>
      'last' in operation
        ? [{ layer: operation.layer.name, additions: 0, multiplications: 0 }]
        : [],
    );
  }

  /** Adds one image's, from the spikes by layer, "input" first. */
  add(spikes: ReadonlyMap<string, Signal>): void {
    const image = spikesOf(
      spikes.get('input')!,
      this.encoder === 'constant' ? 'constant' : 'spike',
    );
    const loads: Load[] = [];
    for (const operation of this.operations) {
      const inputs = operation.sources.map((place) =>
        place === imagePlace ? image : loads[place]!,
      );
      if ('last' in operation) {
        const { name } = operation.layer;
        this.count(operation, inputs);
        if (operation.last) return;
        loads.push(
          operation.spikes
            ? spikesOf(spikes.get(name)!, 'spike')
            : currentOf(operation, image.values.length),
        );
      } else {
        loads.push(passed(operation, inputs));
      }
    }
  }

  counts(): LayerOperations[] {
    return this.layers.map((counted) => ({ ...counted }));
  }

  private count(operation: WeightedOperation | AddOperation, inputs: readonly Load[]): void {
    const counted = this.layers.find(({ layer }) => layer === operation.layer.name)!;
    for (const { events, kinds } of inputs) {
      const reached = synapsesBy(operation, kinds.length);
      for (const [t, step] of events.entries()) {
        const times = t < this.probeSteps && this.probed.has(operation) ? 2 : 1;
        step.forEach((number, i) => {
          const count = times * number;
          if (kinds[i] === 'spike') counted.additions += count * reached[i]!;
          else if (kinds[i] === 'constant' || operation.kind === 'weighted') {
            counted.multiplications += count * reached[i]!;
          }
        });
      }
    }
  }
}

/** The operations whose sums reach neurons. */
function beforeNeurons(operations: readonly Operation[]): Set<Operation> {
  const found = new Set<Operation>();
  for (const operation of [...operations].reverse()) {
    const isTaken = [...found].some(
      (taker) =>
        !('spikes' in operation && operation.spikes) &&
        taker.sources.includes(operations.indexOf(operation)),
    );
    if (('spikes' in operation && operation.spikes) || isTaken) found.add(operation);
  }
  return found;
}

function spikesOf(values: Signal, kind: NumberKind): Load {
  return { values, events: eventsIn(values), kinds: Array.from(values[0]!, () => kind) };
}

/** Every number of a current is one at every time-step. */
function currentOf(operation: WeightedOperation | AddOperation, steps: number): Load {
  const size = operation.kind === 'add' ? operation.outputs : operation.connections.outputs;
  const values = Array.from({ length: steps }, () => new Float32Array(size).fill(1));
  return { values, events: values, kinds: new Array<NumberKind>(size).fill('current') };
}

/** What comes out of layers without synapses. */
function passed(operation: Operation, inputs: readonly Load[]): Load {
  const values = computed(
    operation,
    inputs.map((load) => load.values),
  );
  const [first] = inputs as [Load];
  switch (operation.kind) {
    case 'average-pool':
    case 'max-pool':
      return pooledLoad(operation, first, values);
    case 'concat': {
      const kinds = new Array<NumberKind>(values[0]!.length);
      const events = values.map((x) => new Float32Array(x.length));
      inputs.forEach((load, k) =>
        operation.places[k]!.forEach((place, i) => {
          kinds[place] = load.kinds[i]!;
          load.events.forEach((step, t) => (events[t]![place] = step[i]!));
        }),
      );
      return { values, events, kinds };
    }
    case 'shortcut': {
      const { places } = operation;
      return {
        values,
        events: first.events.map((x) => Float32Array.from(places, (place) => x[place] ?? 0)),
        kinds: Array.from(places, (place) => first.kinds[place] ?? 'spike'),
      };
    }
    default:
      return first;
  }
}

/** Behind average pooling every spike is still an event of its own. */
function pooledLoad({ kind, pooling }: PoolOperation, load: Load, values: Signal): Load {
  const channels = pooling.input[2];
  const kinds = Array.from(values[0]!, (_, i) => load.kinds[i % channels]!);
  const found = eventsIn(values);
  if (kind === 'max-pool') return { values, events: found, kinds };
  const events = load.events.map((x, t) =>
    sumPool(pooling, x).map((sum, i) => (kinds[i] === 'spike' ? sum : found[t]![i]!)),
  );
  return { values, events, kinds };
}

/** 1 where there is an event. */
function eventsIn(signal: Signal): Signal {
  return signal.map((x) => x.map((value) => (value === 0 ? 0 : 1)));
}

/** By number of an input: synapses that an event of it reaches. */
function synapsesBy(operation: WeightedOperation | AddOperation, inputs: number): Float64Array {
  const reached = new Float64Array(inputs);
  if (operation.kind === 'add') return reached.fill(1);
  const { tapInputs, tapOutputs, taps } = operation.connections;
  for (const { input } of taps) {
    for (let channel = 0; channel < tapInputs; channel++) reached[input + channel]! += tapOutputs;
  }
  return reached;
}
