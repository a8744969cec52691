import type { Place } from '../contracts/error.js';
import type { AnyReporter, AnyStage } from '../contracts/plugin.js';
import type { Declared, Registry } from '../plugins/registry.js';
import type { Experiment } from './experiment.js';

/** One piece of work: a stage with its options and inputs. Jobs that need the same work share the node. */
export interface PlanNode {
  /** Digest of the stage, its name, options and everything before it. */
  readonly id: string;
  /** The stage's name in the experiment file; names its seed streams. */
  readonly stage: string;
  readonly declared: Declared<AnyStage>;
  readonly options: unknown;
  /** The root seed of its random streams. */
  readonly seed: number;
  readonly inputs: Readonly<Record<string, NodeOutput>>;
  readonly place: Place;
  /** Where the experiment file gives each option that it gives. */
  readonly optionPlaces: Readonly<Record<string, Place>>;
}

export interface NodeOutput {
  readonly node: PlanNode;
  readonly output: string;
}

/** One cell of the matrix. */
export interface PlanJob {
  readonly name: string;
  readonly axes: Readonly<Record<string, unknown>>;
  readonly seed: number;
  /** All stages of the file with this cell's values, in the file's order; also those that no goal needs. */
  readonly stages: ReadonlyMap<string, PlanNode>;
  /** What runs: the goals and their ancestors, each after its inputs. */
  readonly needed: readonly PlanNode[];
}

export interface PlanReporter {
  readonly declared: Declared<AnyReporter>;
  readonly options: unknown;
}

/** Everything that a run will do, checked. */
export interface Plan {
  readonly experiment: Experiment;
  readonly name: string;
  readonly title: string;
  readonly description: string;
  /** The root seeds of the jobs, each once; most files have one. */
  readonly seeds: readonly number[];
  readonly registry: Registry;
  readonly jobs: readonly PlanJob[];
  /** The work of all jobs, each piece once, in the order in which it runs: one job after the other. */
  readonly nodes: readonly PlanNode[];
  readonly reporters: readonly PlanReporter[];
}
