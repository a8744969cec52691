import type { ProfileRow } from './profile.js';
import type { NodeFailureStatus } from './work.js';

/** What a node tells while it works; `node` is its id in the plan. */
export type NodeEvent = { readonly node: string } & (
  | { readonly type: 'stage-started' }
  | {
      readonly type: 'stage-progress';
      readonly done: number;
      readonly total: number;
      readonly note: string | undefined;
    }
  | { readonly type: 'warning'; readonly message: string }
  | { readonly type: 'info'; readonly message: string }
  | {
      readonly type: 'record';
      readonly event: string;
      readonly data: Readonly<Record<string, unknown>>;
    }
  /** What the stage's process printed, line by line. */
  | { readonly type: 'output'; readonly text: string }
  /** Told at the end of a try, where the run is profiled: how long it took, and what services account for of that. */
  | { readonly type: 'profile'; readonly seconds: number; readonly rows: readonly ProfileRow[] }
);

/** The stage that an event is about. */
export interface StageRef {
  /** The node's id in the plan. */
  readonly node: string;
  readonly stage: string;
  readonly use: string;
  readonly jobs: readonly string[];
  /** Its place in the run, from 1, and how many there are. */
  readonly index: number;
  readonly count: number;
}

/** What a run tells while it works, in the order in which it learns of it. */
export type RunEvent = { readonly time: string } & RunNews;

/** An event before it is stamped with its time. */
export type RunNews =
  | {
      readonly type: 'run-started';
      readonly folder: string;
      readonly jobs: number;
      readonly stages: number;
    }
  | (NodeEvent & StageRef)
  | ({
      readonly type: 'stage-finished';
      readonly cached: boolean;
      readonly seconds: number;
      readonly key: string;
      readonly outputs: Readonly<Record<string, string>>;
    } & StageRef)
  | ({
      readonly type: 'stage-failed';
      readonly status: NodeFailureStatus;
      readonly message: string;
      readonly stack: string | undefined;
      /** The last lines that its process printed. */
      readonly lastLines: readonly string[];
    } & StageRef)
  | ({
      readonly type: 'stage-retried';
      readonly attempt: number;
      readonly message: string;
    } & StageRef)
  /** What the launcher tells of the run as a whole. */
  | { readonly type: 'notice'; readonly message: string }
  | { readonly type: 'job-finished'; readonly job: string }
  | { readonly type: 'job-failed'; readonly job: string; readonly stage: string }
  | {
      readonly type: 'run-finished';
      readonly status: 'finished' | 'failed' | 'interrupted';
      readonly seconds: number;
    };
