import { appendFileSync } from 'node:fs';

import { writeError } from '../cache/write-whole.js';

/** What a run tells while it works. */
export type RunEvent =
  | {
      readonly type: 'run-started';
      readonly folder: string;
      readonly jobs: number;
      readonly stages: number;
    }
  | ({ readonly type: 'stage-started' } & StageRef)
  | ({
      readonly type: 'stage-progress';
      readonly done: number;
      readonly total: number;
      readonly note: string | undefined;
    } & StageRef)
  | ({
      readonly type: 'stage-finished';
      readonly cached: boolean;
      readonly seconds: number;
      readonly key: string;
      readonly outputs: Readonly<Record<string, string>>;
    } & StageRef)
  | ({
      readonly type: 'stage-failed';
      readonly message: string;
      readonly stack: string | undefined;
    } & StageRef)
  | ({ readonly type: 'warning'; readonly message: string } & StageRef)
  | ({ readonly type: 'info'; readonly message: string } & StageRef)
  | ({
      readonly type: 'record';
      readonly event: string;
      readonly data: Readonly<Record<string, unknown>>;
    } & StageRef)
  | { readonly type: 'job-finished'; readonly job: string }
  | {
      readonly type: 'run-finished';
      readonly status: 'finished' | 'failed' | 'interrupted';
      readonly seconds: number;
    };

/** The stage that an event is about. */
export interface StageRef {
  readonly stage: string;
  readonly use: string;
  readonly jobs: readonly string[];
  /** Its place in the run, from 1, and how many there are. */
  readonly index: number;
  readonly count: number;
}

export type Emit = (event: RunEvent) => void;

/** Sends events to a listener and, progress aside, to a file of JSON lines, each written at once. */
export function eventSink(file: string, listener: Emit | undefined): Emit {
  return (event) => {
    if (event.type !== 'stage-progress') {
      try {
        appendFileSync(file, `${JSON.stringify({ time: new Date().toISOString(), ...event })}\n`);
      } catch (error) {
        throw writeError(file, error);
      }
    }
    listener?.(event);
  };
}
