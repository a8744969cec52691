import type { NodeFailure } from '@privatesnn/core';

import { lasting } from '../lasting.js';
import type { WorkerCard } from './messages.js';

/**
 * What a run knows of its jobs and workers, from what workers tell and from what lies in Redis. It does nothing, and
 * has no clock: `now` is in milliseconds of any steady one.
 */
export interface Ledger {
  launched(job: string): void;
  ended(job: string): void;
  /** A worker has shown itself. */
  hear(card: WorkerCard, now: number): void;
  left(worker: string): void;
  /**
   * Takes in a look at Redis.
   *
   * @param present ids of the jobs that wait or are held there
   * @returns jobs that must be queued again: Redis has lost them, and no worker says that it works on them. A job must
   *   be missed twice, as the word that it has ended may still be under way.
   */
  missing(present: ReadonlySet<string>): readonly string[];
  /** Forgets workers that are silent; returns those that worked on something. */
  silent(now: number): readonly WorkerCard[];
  readonly workers: number;
  /** Whether a worker was heard of since then that works on a job. */
  worksOn(job: string, since: number): boolean;
  /** Why no worker works for this run: each one that is there refuses, and did so `patience` ago. */
  refusal(now: number): NodeFailure | undefined;
}

interface Known {
  readonly card: WorkerCard;
  readonly heard: number;
}

/** @param limits milliseconds */
export function createLedger(limits: {
  readonly silence: number;
  readonly patience: number;
}): Ledger {
  /** How often in a row a job was missed. */
  const jobs = new Map<string, number>();
  const workers = new Map<string, Known>();
  const refused = lasting();

  return {
    launched: (job) => void jobs.set(job, 0),
    ended: (job) => void jobs.delete(job),
    hear: (card, now) => void workers.set(card.id, { card, heard: now }),
    left: (worker) => void workers.delete(worker),

    missing(present) {
      const claimed = new Set([...workers.values()].flatMap(({ card }) => card.jobs));
      const again: string[] = [];
      for (const [job, missed] of jobs) {
        const there = present.has(job) || claimed.has(job);
        jobs.set(job, there || missed > 0 ? 0 : 1);
        if (!there && missed > 0) again.push(job);
      }
      return again;
    },

    silent(now) {
      const gone = [...workers.values()].filter(({ heard }) => now - heard > limits.silence);
      for (const { card } of gone) workers.delete(card.id);
      return gone
        .map(({ card }) => card)
        .filter(({ jobs: own }) => own.some((job) => jobs.has(job)));
    },

    get workers() {
      return workers.size;
    },

    worksOn: (job, since) =>
      [...workers.values()].some(({ card, heard }) => heard >= since && card.jobs.includes(job)),

    refusal(now) {
      const refusals = [...workers.values()].map(({ card }) => card.refusal);
      const all = refusals.length > 0 && refusals.every((refusal) => refusal !== undefined);
      return (refused.look(all, now) ?? -1) < limits.patience ? undefined : refusals[0];
    },
  };
}
