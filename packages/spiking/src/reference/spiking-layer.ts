import type { IntegrateAndFire } from '@privatesnn/core';

import { neuronStep, restingState, type NeuronState } from '../neuron.js';
import type { Signal } from './network.js';

/** One spiking layer through all time-steps. */
export interface LayerRun {
  readonly spikes: Signal;
  /** Membrane potentials before the reset. */
  readonly potentials: Signal;
}

/** Runs integrate-and-fire neurons from rest through all time-steps. */
export function runNeurons(current: Signal, neuron: IntegrateAndFire, threshold: number): LayerRun {
  const spikes: Float32Array[] = [];
  const potentials: Float32Array[] = [];
  let state: NeuronState = restingState(current[0]!.length);
  for (const input of current) {
    const step = neuronStep(state, input, { ...neuron, threshold });
    spikes.push(step.spikes);
    potentials.push(step.potential);
    state = step;
  }
  return { spikes, potentials };
}
