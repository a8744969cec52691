import type { LayerActivity, LayerOperations } from '../engine.js';
import type { Plan } from './plan.js';

/** Spike counts of the input and the spiking layers, with the layers' names and sizes. */
export function activityOf(plan: Plan, spikes: readonly number[]): LayerActivity[] {
  const spiking = plan.layers.filter(({ last }) => !last);
  return [{ name: 'input', output: plan.input }, ...spiking].map(({ name, output }, i) => ({
    layer: name,
    neurons: output.height * output.width * output.channels,
    spikes: spikes[i]!,
  }));
}

/** Counts of the layers' synapses, with the layers' names. */
export function operationsOf(
  plan: Plan,
  additions: readonly number[],
  multiplications: readonly number[],
): LayerOperations[] {
  return plan.layers.map(({ name }, i) => ({
    layer: name,
    additions: additions[i]!,
    multiplications: multiplications[i]!,
  }));
}

/** Adds one list of counts to another. */
export function addCounts(to: number[], from: readonly number[]): void {
  from.forEach((n, i) => (to[i] = (to[i] ?? 0) + n));
}
