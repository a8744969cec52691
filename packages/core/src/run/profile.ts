import type { ProfileRow } from '../contracts/profile.js';
import type { RunEvent } from '../contracts/event.js';
import type { Observer } from './events.js';
import { summed } from './profile-rows.js';

/** Where one stage's time went. */
export interface StageProfile {
  readonly stage: string;
  readonly use: string;
  readonly jobs: readonly string[];
  /** `cached`: its result was found, and nothing computed. */
  readonly status: 'computed' | 'cached' | 'failed' | 'interrupted';
  /** In this run, of all tries. */
  readonly seconds: number;
  /** By falling time; the last one, `other`, is what no service accounts for. None where nothing was computed. */
  readonly rows: readonly ProfileRow[];
}

/** Where a run's time went: `profile.json`. */
export interface RunProfile {
  readonly format: 1;
  /** How many jobs the run has. */
  readonly jobs: number;
  /** In the plan's order. */
  readonly stages: readonly StageProfile[];
}

/** Learns from what a run tells where its time goes. */
export interface ProfileObserver {
  readonly observe: Observer;
  /** As far as it is known: of a stage whose process is gone, the time alone. */
  profile(): RunProfile;
}

interface Seen {
  readonly event: Pick<StageProfile, 'stage' | 'use' | 'jobs'> & { readonly index: number };
  rows: readonly ProfileRow[];
  seconds: number;
  status: StageProfile['status'];
  /** When a try began that has not told its time. */
  since: number | undefined;
}

export function observeProfile(): ProfileObserver {
  let jobs = 0;
  const stages = new Map<string, Seen>();
  const seenOf = (event: Extract<RunEvent, { readonly index: number }>): Seen => {
    const found = stages.get(event.node);
    if (found) return found;
    const { stage, use, jobs: names, index } = event;
    const seen: Seen = {
      event: { stage, use, jobs: names, index },
      rows: [],
      seconds: 0,
      status: 'interrupted',
      since: undefined,
    };
    stages.set(event.node, seen);
    return seen;
  };
  const ended = (seen: Seen, time: string) => {
    if (seen.since !== undefined) seen.seconds += (Date.parse(time) - seen.since) / 1000;
    seen.since = undefined;
  };

  return {
    observe(event) {
      switch (event.type) {
        case 'run-started':
          jobs = event.jobs;
          return;
        case 'stage-started':
          seenOf(event).since = Date.parse(event.time);
          return;
        case 'profile': {
          const seen = seenOf(event);
          seen.since = undefined;
          seen.seconds += event.seconds;
          seen.rows = summed([...seen.rows, ...event.rows]);
          return;
        }
        case 'stage-finished': {
          const seen = seenOf(event);
          // Where it was not profiled, before the run was gone on with.
          if (seen.since !== undefined) seen.seconds += event.seconds;
          seen.since = undefined;
          seen.status = event.cached && seen.seconds === 0 ? 'cached' : 'computed';
          return;
        }
        case 'stage-retried':
          return ended(seenOf(event), event.time);
        case 'stage-failed': {
          const seen = seenOf(event);
          seen.status = 'failed';
          return ended(seen, event.time);
        }
        default:
      }
    },

    profile() {
      const inOrder = [...stages.values()].sort((a, b) => a.event.index - b.event.index);
      return { format: 1, jobs, stages: inOrder.map(stageProfile) };
    },
  };
}

function stageProfile({ event, rows, seconds, status }: Seen): StageProfile {
  const { stage, use, jobs } = event;
  const elapsed = rows.reduce((sum, row) => sum + row.elapsed, 0);
  const rest = Math.max(0, seconds - elapsed);
  const other: ProfileRow = { part: 'other', pass: '', seconds: rest, elapsed: rest, calls: 1 };
  const sorted = [...rows].sort((a, b) => b.elapsed - a.elapsed);
  return { stage, use, jobs, status, seconds, rows: seconds > 0 ? [...sorted, other] : [] };
}
