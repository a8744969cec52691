import type { IntegrateAndFire, Snn } from '@privatesnn/core';

import { initialPotentialsOf } from '../initial-potentials.js';
import {
  fires,
  initialState,
  neuronStep,
  type NeuronParameters,
  type NeuronState,
} from '../neuron.js';
import { integrateAndFireOf } from '../neuron-checks.js';
import { movedStart, probeStepsOf } from '../offset-spikes.js';
import type { Signal } from './network.js';

/** One spiking layer through all time-steps. */
export interface LayerRun {
  readonly spikes: Signal;
  /** Membrane potentials before the reset. */
  readonly potentials: Signal;
}

/** The neurons of one layer. */
export interface LayerNeurons {
  readonly neuron: IntegrateAndFire;
  /** θ > 0. */
  readonly threshold: number;
  /** v of all neurons, or of each channel. */
  readonly initial: readonly number[];
}

/** The neurons of a layer; `what`, as for `integrateAndFireOf`. */
export function neuronsOf(snn: Snn, layer: string, what: string): LayerNeurons {
  const neuron = integrateAndFireOf(snn, what);
  const threshold = snn.thresholds[layer]!;
  return { neuron, threshold, initial: initialPotentialsOf(snn, neuron, layer) };
}

/** Runs integrate-and-fire neurons from their initial potential, which a probe may move, through all time-steps. */
export function runNeurons(
  current: Signal,
  { neuron, threshold, initial }: LayerNeurons,
): LayerRun {
  const parameters = { ...neuron, threshold };
  const start = initialState(current[0]!.length, { initial, threshold });
  const probeSteps = probeStepsOf(neuron);
  if (probeSteps === 0) return run(current, start, parameters);
  const { last } = run(current.slice(0, probeSteps), start, parameters);
  const theta = Math.fround(threshold);
  const probe = {
    probeSteps,
    threshold: theta,
    fires: (potential: number) => fires(potential, theta, neuron.firing),
  };
  const membrane = start.membrane.map((potential, i) =>
    movedStart(potential, { left: last.membrane[i]!, spikes: last.sent[i]! }, probe, Math.fround),
  );
  return run(current, { ...start, membrane }, parameters);
}

function run(
  current: Signal,
  start: NeuronState,
  parameters: NeuronParameters,
): LayerRun & { readonly last: NeuronState } {
  const spikes: Float32Array[] = [];
  const potentials: Float32Array[] = [];
  let state = start;
  for (const input of current) {
    const step = neuronStep(state, input, parameters);
    spikes.push(step.spikes);
    potentials.push(step.potential);
    state = step;
  }
  return { spikes, potentials, last: state };
}
