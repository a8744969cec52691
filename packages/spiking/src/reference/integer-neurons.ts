import { clamped } from '../integer-membrane.js';
import { integerLeak } from '../integer.js';
import { movedStart, probeStepsOf } from '../offset-spikes.js';
import { lowOf, takesBack } from '../taking-back.js';
import type { Signal } from './network.js';
import type { LayerNeurons } from './spiking-layer.js';

/** Neurons with integer membranes through all time-steps; so is their threshold. */
export function runIntegers(
  current: readonly Float64Array[],
  { neuron, threshold, initial }: LayerNeurons,
): Signal {
  const { reset, leak, firing, signed = false } = neuron;
  const kept = integerLeak(leak);
  const low = lowOf(threshold);
  const leaked = (u: number): number => Math.round((u * kept) / 2 ** 15);
  const fires = (u: number): boolean => (firing === 'strict' ? u > threshold : u >= threshold);
  const probeSteps = probeStepsOf(neuron);
  const spikes = current.map((x) => new Float32Array(x.length));
  /** Neuron `i` through the first time-steps. */
  const run = (i: number, start: number, steps: number): { left: number; spikes: number } => {
    let membrane = start;
    let sent = 0;
    for (const [t, x] of current.slice(0, steps).entries()) {
      const u = clamped(membrane + x[i]!);
      const spike = fires(u) ? 1 : signed && takesBack(u, sent, low) ? -1 : 0;
      spikes[t]![i] = spike;
      sent += spike;
      const taken = threshold * spike;
      if (reset === 'soft') membrane = leaked(u - taken);
      else if (reset === 'delayed-soft') membrane = leaked(u) - taken;
      else membrane = spike === 1 ? 0 : leaked(u);
    }
    return { left: membrane, spikes: sent };
  };
  for (let i = 0; i < current[0]!.length; i++) {
    const start = leaked(clamped(Math.round(initial[i % initial.length]! * threshold)));
    const moved =
      probeSteps === 0
        ? start
        : movedStart(start, run(i, start, probeSteps), { probeSteps, threshold, fires }, clamped);
    run(i, moved, current.length);
  }
  return spikes;
}
