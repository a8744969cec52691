import type { NeuronModel } from '@privatesnn/core';

import type { IntegerLayer } from '../../integer.js';
import type { Plan } from '../plan.js';

/** A layer's. */
export interface Parameters {
  /** By input. */
  readonly weights: readonly Float32Array[];
  readonly bias: Float32Array | undefined;
}

/** What a worker has to know of a network. */
export interface NetworkSpec {
  readonly plan: Plan;
  /** By planned layer; none when they come later, one after the other (`Network.addLayer`). */
  readonly parameters: readonly Parameters[];
  /** By planned layer; of those with neurons, Infinity for one that never fires. */
  readonly thresholds: readonly number[];
  /** v of each channel, by planned layer; those of a layer, or all, are left out where they start as the neuron model says. */
  readonly initialPotentials?: readonly (readonly number[] | undefined)[];
  readonly neuron: NeuronModel;
  readonly encoder: 'poisson' | 'constant' | 'first-spike';
  readonly timeSteps: number;
  readonly seed: number;
  readonly dropout: boolean;
  /** The decay of the last layer's current, where its filtered current is read. */
  readonly filteredBy?: number;
  /** The first time-steps that the read-out leaves out; none when left out. */
  readonly readAfter?: number;
  /** By layer, for integer mode; then the parameters are not read. */
  readonly integers?: readonly IntegerLayer[];
}

/** Images at the network's input. */
export interface InputImages {
  readonly count: number;
  /** [count, height, width, channels] */
  readonly pixels: Float32Array;
  /** The number of the first one in the noise; the others have the next ones. */
  readonly number: number;
}
