import type { IntegrateAndFire } from '@privatesnn/core';

import { initialState, neuronStep, type NeuronState } from '../neuron.js';
import type { Signal } from './network.js';

/** One spiking layer through all time-steps. */
export interface LayerRun {
  readonly spikes: Signal;
  /** Membrane potentials before the reset. */
  readonly potentials: Signal;
}

/** Runs integrate-and-fire neurons from their initial potential through all time-steps. */
export function runNeurons(current: Signal, neuron: IntegrateAndFire, threshold: number): LayerRun {
  const spikes: Float32Array[] = [];
  const potentials: Float32Array[] = [];
  const parameters = { ...neuron, threshold };
  let state: NeuronState = initialState(current[0]!.length, parameters);
  for (const input of current) {
    const step = neuronStep(state, input, parameters);
    spikes.push(step.spikes);
    potentials.push(step.potential);
    state = step;
  }
  return { spikes, potentials };
}
