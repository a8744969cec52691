import type { NodeFailureStatus } from './work.js';

/** What happened to one stage of a run. */
export interface StageRecord {
  readonly stage: string;
  readonly use: string;
  readonly kind: string;
  readonly jobs: readonly string[];
  readonly key: string;
  readonly cached: boolean;
  /** Seconds in this run; 0 where the result came from the cache. */
  readonly seconds: number;
  /** Seconds that the result took when it was computed. */
  readonly computeSeconds: number;
  /** What the stage warned of when it was computed, in this run or before. */
  readonly warnings: readonly string[];
  readonly outputs: Readonly<Record<string, string>>;
}

/** A stage that failed in a run. */
export interface FailureRecord {
  readonly stage: string;
  readonly use: string;
  readonly jobs: readonly string[];
  readonly status: NodeFailureStatus;
  readonly code: string;
  readonly message: string;
  /** The last lines that its process printed. */
  readonly lastLines: readonly string[];
}

export type RunStatus = 'running' | 'finished' | 'interrupted' | 'failed';

export interface JobRecord {
  readonly name: string;
  /** The job's value on each axis of the matrix. */
  readonly axes: Readonly<Record<string, unknown>>;
  readonly status: 'waiting' | 'finished' | 'failed';
}

/** What a run was: enough to repeat it and to judge its figures. */
export interface Manifest {
  readonly format: 1;
  readonly status: RunStatus;
  readonly name: string;
  /** The experiment file, relative to the working directory; its name alone where it lies outside. */
  readonly experiment: string;
  /** The command line that made the run; null where it was started from a program. */
  readonly command: string | null;
  readonly profile: string | null;
  /** The file's preset; null where it has none, or one a job. */
  readonly preset: string | null;
  /** The root seed; a list where jobs have different ones. */
  readonly seed: number | readonly number[];
  readonly started: string;
  /** When it was gone on with after an end before its time; left out where it never was. */
  readonly resumed?: readonly string[];
  readonly finished: string | null;
  readonly seconds: number | null;
  readonly process: number;
  readonly versions: Readonly<Record<string, string>>;
  readonly git: { readonly commit: string; readonly changed: boolean } | null;
  /** `threads` is how many an engine may use: PRIVATESNN_THREADS, else the processors that the process may use. */
  readonly host: Readonly<Record<string, string | number>>;
  readonly services: Readonly<Record<string, string>>;
  readonly jobs: readonly JobRecord[];
  /** The stages that have ended well, in the plan's order. */
  readonly stages: readonly StageRecord[];
  readonly failures: readonly FailureRecord[];
  readonly error: { readonly code: string; readonly message: string } | null;
}
