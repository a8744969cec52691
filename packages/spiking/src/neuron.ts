import type { IntegrateAndFire } from '@privatesnn/core';

import { membraneAfterReset, membraneBeforeInput } from './reset.js';
import { lowOf, takesBack } from './taking-back.js';

/** What a layer of neurons carries from one time-step to the next; both [neurons]. */
export interface NeuronState {
  /** Membrane potential after the reset. */
  readonly membrane: Float32Array;
  /** Spikes of the time-step: 0 or 1, of signed neurons −1 too. */
  readonly spikes: Float32Array;
  /** S, the sum of the spikes so far. */
  readonly sent: Float32Array;
}

/** Integrate-and-fire neurons with the threshold θ > 0 of their layer. */
export interface NeuronParameters extends Omit<
  IntegrateAndFire,
  'kind' | 'initial' | 'probeSteps'
> {
  readonly threshold: number;
}

/** One time-step's result; `potential` is the membrane potential before the reset, which the surrogate needs. */
export interface NeuronStep extends NeuronState {
  readonly potential: Float32Array;
}

/**
 * Neurons before the first time-step: membrane potential v·θ, no spike yet. A layer without a threshold rests at 0.
 *
 * @param initial v of all neurons, or of each channel: neurons have them in turns
 */
export function initialState(
  neurons: number,
  { initial, threshold }: { readonly initial: readonly number[]; readonly threshold: number },
): NeuronState {
  const membrane = new Float32Array(neurons);
  if (threshold < Infinity) {
    for (let i = 0; i < neurons; i++) {
      membrane[i] = initial[i % initial.length]! * Math.fround(threshold);
    }
  }
  return { membrane, spikes: new Float32Array(neurons), sent: new Float32Array(neurons) };
}

/** Whether a membrane potential fires: u > θ (strict) or u ≥ θ (inclusive). */
export function fires(
  potential: number,
  threshold: number,
  firing: IntegrateAndFire['firing'],
): boolean {
  return firing === 'strict' ? potential > threshold : potential >= threshold;
}

/**
 * One time-step of leaky integrate-and-fire neurons (Eq. 1), integrate-and-fire where λ = 1:
 * u ← λu + I, a spike where u passes θ, then the reset. Signed neurons spike −1 where u is low and an earlier spike is
 * left to take back (taking-back.js). Every operation is rounded to float32.
 *
 * @param state the time-step before, or `initialState`; left as it is
 * @param current input current I, [neurons]
 */
export function neuronStep(
  state: NeuronState,
  current: Float32Array,
  parameters: NeuronParameters,
): NeuronStep {
  const neurons = current.length;
  const threshold = Math.fround(parameters.threshold);
  const leak = Math.fround(parameters.leak);
  const { reset, firing, signed = false } = parameters;
  const low = lowOf(threshold);
  const potential = new Float32Array(neurons);
  const membrane = new Float32Array(neurons);
  const spikes = new Float32Array(neurons);
  const sent = new Float32Array(neurons);
  for (let i = 0; i < neurons; i++) {
    const kept = Math.fround(leak * state.membrane[i]!);
    potential[i] = membraneBeforeInput(reset, kept, state.spikes[i]!, threshold) + current[i]!;
    if (fires(potential[i]!, threshold, firing)) spikes[i] = 1;
    else if (signed && takesBack(potential[i]!, state.sent[i]!, low)) spikes[i] = -1;
    sent[i] = state.sent[i]! + spikes[i]!;
    membrane[i] = membraneAfterReset(reset, potential[i]!, spikes[i]!, threshold);
  }
  return { potential, membrane, spikes, sent };
}
