import type { LayerActivity, LayerOperations } from '../engine.js';
import { inputsOf, isSpiking, type Plan } from './plan.js';

/**
 * Spike counts of the input and the spiking layers, of signed neurons negative ones too, with their names and sizes; from
 * those of the input and each planned layer.
 */
export function activityOf(
  plan: Plan,
  spikes: readonly number[],
  negative?: readonly number[],
): LayerActivity[] {
  const spiking = plan.layers.flatMap((layer, i) =>
    isSpiking(layer) ? [{ ...layer, at: i + 1 }] : [],
  );
  return [{ name: 'input', output: plan.input, at: 0 }, ...spiking].map(({ name, output, at }) => ({
    layer: name,
    neurons: output.height * output.width * output.channels,
    spikes: spikes[at]!,
    ...(negative && at > 0 ? { negative: negative[at]! } : {}),
  }));
}

/** What the synapses of each planned layer did. */
export interface InputOperations {
  /** By input. */
  readonly additions: readonly (readonly number[])[];
  readonly multiplications: readonly (readonly number[])[];
}

/** Counts of synapses, by the layers that they are counted with. */
export function operationsOf(plan: Plan, counted: InputOperations): LayerOperations[] {
  const additions = new Map<string, number>();
  const multiplications = new Map<string, number>();
  const add = (to: Map<string, number>, name: string, count: number) =>
    to.set(name, (to.get(name) ?? 0) + count);
  plan.layers.forEach((layer, i) => {
    inputsOf(layer).forEach((input, which) => {
      add(additions, input.counted, counted.additions[i]![which]!);
      add(multiplications, input.counted, counted.multiplications[i]![which]!);
    });
  });
  return plan.summing.map((layer) => ({
    layer,
    additions: additions.get(layer) ?? 0,
    multiplications: multiplications.get(layer) ?? 0,
  }));
}

/** Adds one list of counts to another. */
export function addCounts(to: number[], from: readonly number[]): void {
  from.forEach((n, i) => (to[i] = (to[i] ?? 0) + n));
}
