import type { LayerActivity, LayerOperations } from '../engine.js';
import { inputsOf, type Plan } from './plan.js';

/** Spike counts of the input and the spiking layers, of signed neurons negative ones too, with their names and sizes. */
export function activityOf(
  plan: Plan,
  spikes: readonly number[],
  negative?: readonly number[],
): LayerActivity[] {
  const spiking = plan.layers.filter(({ last }) => !last);
  return [{ name: 'input', output: plan.input }, ...spiking].map(({ name, output }, i) => ({
    layer: name,
    neurons: output.height * output.width * output.channels,
    spikes: spikes[i]!,
    ...(negative && i > 0 ? { negative: negative[i]! } : {}),
  }));
}

/** What the synapses of each planned layer did. */
export interface InputOperations {
  /** By input. */
  readonly additions: readonly (readonly number[])[];
  /** Of its first input. */
  readonly multiplications: readonly number[];
}

/** Counts of synapses, by the layers that they are counted with. */
export function operationsOf(plan: Plan, counted: InputOperations): LayerOperations[] {
  const additions = new Map<string, number>();
  const multiplications = new Map<string, number>();
  const add = (to: Map<string, number>, name: string, count: number) =>
    to.set(name, (to.get(name) ?? 0) + count);
  plan.layers.forEach((layer, i) => {
    inputsOf(layer).forEach((input, which) =>
      add(additions, input.counted, counted.additions[i]![which]!),
    );
    add(multiplications, layer.counted, counted.multiplications[i]!);
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
