import type { Parameters, RandomStream, Snn } from '@privatesnn/core';
import type { Optimizer, OptimizerState } from '@privatesnn/spiking';

import type { StbpOptions } from './options.js';
import { optimizerOf } from './part-options.js';

/** One line of the training's history: an epoch. */
export interface Epoch {
  readonly loss: number;
  /** Part of the training images that the SNN put in their class while training. */
  readonly accuracy: number;
  /** Training images for which several classes shared its largest output, while training. */
  readonly ties: number;
  /** Part of the probe's images that the re-converted ANN puts in the teacher's class; without one, in theirs. */
  readonly reconvertedAgreement: number;
  /** The root mean square of `weightChanges`. */
  readonly weightChange: number;
  /** ‖W′ − W‖ / ‖W‖ against the network before training, by layer. */
  readonly weightChanges: Readonly<Record<string, number>>;
}

/** What training changes, and what a checkpoint keeps. */
export interface TrainingState {
  readonly weights: Record<string, Float32Array>;
  /** Empty unless thresholds are trained. */
  readonly thresholds: Record<string, Float32Array>;
  readonly optimizer: Optimizer;
  readonly history: Epoch[];
  readonly silence: Silence;
}

/** Batches in which some parameter's gradient was zero everywhere. */
export interface Silence {
  batches: number;
  /** Batches by parameter. */
  readonly parameters: Record<string, number>;
  /** The last epoch that had one, from 0. */
  lastEpoch: number;
}

interface Checkpoint {
  readonly weights: Record<string, Float32Array>;
  readonly thresholds: Record<string, Float32Array>;
  readonly optimizer: OptimizerState;
  readonly history: Epoch[];
  readonly silence: Silence;
}

/** The state before the first epoch. */
export function initialState(snn: Snn, options: StbpOptions, noise: RandomStream): TrainingState {
  return {
    weights: Object.fromEntries(
      Object.entries(snn.parameters).map(([name, { data }]) => [
        name,
        perturbed(data, options.weightNoise, noise.fork(name)),
      ]),
    ),
    thresholds: Object.fromEntries(
      Object.entries(options.trainThresholds ? snn.thresholds : {}).map(([layer, theta]) => [
        layer,
        Float32Array.of(theta),
      ]),
    ),
    optimizer: optimizerOf(options),
    history: [],
    silence: { batches: 0, parameters: {}, lastEpoch: 0 },
  };
}

/** What a checkpoint holds of a state. */
export function checkpointOf(state: TrainingState): Checkpoint {
  return { ...state, optimizer: state.optimizer.state() };
}

/** The state that a checkpoint holds. */
export function restoredState(checkpoint: unknown, options: StbpOptions): TrainingState {
  const saved = checkpoint as Checkpoint;
  const optimizer = optimizerOf(options);
  optimizer.restore(saved.optimizer);
  return { ...saved, optimizer };
}

/** The network with the weights and thresholds of a state. The weights are the state's own arrays: each step changes them. */
export function networkOf(snn: Snn, state: TrainingState): Snn {
  const parameters: Parameters = Object.fromEntries(
    Object.entries(snn.parameters).map(([name, { shape }]) => [
      name,
      { shape, data: state.weights[name]! },
    ]),
  );
  const trained = Object.fromEntries(
    Object.entries(state.thresholds).map(([layer, [theta]]) => [layer, theta!]),
  );
  return { ...snn, parameters, thresholds: { ...snn.thresholds, ...trained } };
}

function perturbed(weights: Float32Array, relative: number, noise: RandomStream): Float32Array {
  if (relative === 0) return weights.slice();
  const rms = Math.sqrt(weights.reduce((sum, w) => sum + w * w, 0) / weights.length);
  return weights.map((w) => w + relative * rms * noise.normal());
}
