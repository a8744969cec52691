import type { NodeEvent, NodeFailure, NodeJob, NodeOutcome } from '@privatesnn/core';

/** Version of what goes through Redis; others are left alone. */
export const format = 1;

/** What a run shows of itself. */
export interface RunCard {
  readonly format: number;
  /** The name of its folder. */
  readonly name: string;
}

/** What a job of BullMQ carries. */
export interface JobData {
  readonly job: Omit<NodeJob, 'plan'> & { readonly plan: { readonly digest: string } };
  /** Where the run's cache lies. */
  readonly cache: string;
  /** The experiment's folder, absolute or from a worker's working directory. */
  readonly experiment: string;
}

/** What a worker is, and does for one run. */
export interface WorkerCard {
  /** Made at its start. */
  readonly id: string;
  /** Host and process, for people. */
  readonly name: string;
  /** Ids of the run's jobs that it works on. */
  readonly jobs: readonly string[];
  /** Why it does not work for this run. */
  readonly refusal?: NodeFailure;
}

/** What a worker tells a run. Numbered by worker, as a message may be sent twice when the network fails. */
export type News = { readonly worker: string; readonly number: number } & Told;

export type Told =
  | { readonly type: 'here'; readonly card: WorkerCard }
  /** It ends, and does nothing for the run any more. */
  | { readonly type: 'left' }
  | { readonly type: 'events'; readonly job: string; readonly events: readonly NodeEvent[] }
  | { readonly type: 'outcome'; readonly job: string; readonly outcome: NodeOutcome };
