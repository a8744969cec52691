import type { Signal } from './network.js';

/** One image through the network: the spikes by layer ("input" first) and the read-out, [recordAt.length, classes]. */
export interface ImageRun {
  readonly spikes: ReadonlyMap<string, Signal>;
  readonly read: Float32Array;
}

/** What a layer receives: W·o at each time-step, and a current that flows all the time. */
export interface LayerInput {
  readonly events: Signal;
  readonly constant: Float32Array;
}

/** The sum over time of the last layer's current without the first `after` time-steps, after each of the given ones. */
export function integrate(output: Signal, recordAt: readonly number[], after = 0): Float32Array {
  const classes = output[0]!.length;
  const result = new Float32Array(recordAt.length * classes);
  const membrane = new Float64Array(classes);
  output.forEach((current, step) => {
    if (step >= after) current.forEach((value, i) => (membrane[i]! += value));
    const row = recordAt.indexOf(step + 1);
    if (row >= 0) result.set(membrane, row * classes);
  });
  return result;
}

/** The filtered current after each of the given time-steps, [recordAt.length, neurons]. */
export function filtered(
  { events, constant }: LayerInput,
  decay: number,
  recordAt: readonly number[],
): Float32Array {
  const result = new Float32Array(recordAt.length * constant.length);
  const current = new Float64Array(constant.length);
  events.forEach((input, step) => {
    input.forEach((value, i) => (current[i] = decay * current[i]! + (1 - decay) * value));
    const row = recordAt.indexOf(step + 1);
    if (row >= 0)
      result.set(
        current.map((value, i) => value + constant[i]!),
        row * constant.length,
      );
  });
  return result;
}
