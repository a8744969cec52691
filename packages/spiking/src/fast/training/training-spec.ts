import type { Surrogate } from '../../engine.js';
import type { Way } from '../joint.js';
import type { NetworkSpec } from '../network/network-spec.js';

/** What a worker has to know of a training. */
export interface TrainingSpec {
  /** The plan is one as training sees it. */
  readonly network: NetworkSpec;
  /** By layer but the last. */
  readonly ways: readonly Way[];
  readonly surrogate: Surrogate;
  readonly detachReset: boolean;
  readonly wanted: {
    readonly parameters: boolean;
    readonly thresholds: boolean;
    readonly input: boolean;
  };
  /** The read-out's factor: logits are the potentials times this. */
  readonly scale: number;
  /** How many images go through the network together, at most. */
  readonly together: number;
  /** Bytes that a pass of images that go together may take. */
  readonly memoryBudget: number;
}
