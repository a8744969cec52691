import { resolve } from 'node:path';

import type { Job } from 'bullmq';

import {
  failedNode,
  UserError,
  type NodeFailure,
  type NodeJob,
  type NodeOutcome,
  type NodeWorker,
} from '@privatesnn/core';

import type { JobData } from './messages.js';
import type { RunHere } from './run-here.js';
import { times } from './times.js';

/** What became of a job, for the worker. */
export type Done =
  /** It waits in the queue again: the plan was not there, or this worker ends. */
  | { readonly status: 'put back' }
  | { readonly status: 'refused'; readonly failure: NodeFailure }
  | NodeOutcome;

/**
 * Does one job, keeping its lock, and sends what the node tells and how it ended; the job is removed only after that.
 *
 * @param plan the plan file here; undefined where Redis does not have it just now
 * @param signal aborted when the worker shall end
 */
export async function workJob(
  job: Job<JobData>,
  token: string,
  here: RunHere,
  plan: () => Promise<string | undefined>,
  worker: NodeWorker,
  signal: AbortSignal,
): Promise<Done> {
  const id = job.id!;
  const controller = new AbortController();
  here.jobs.set(id, controller);
  let soon: () => void = () => undefined;
  const late = new Promise<void>((resolve) => {
    soon = () => void setTimeout(resolve, times.closing);
    if (signal.aborted) soon();
    else signal.addEventListener('abort', soon, { once: true });
  });
  const renewal = setInterval(() => {
    // Where it is gone, the node may be done twice, and its result counts once.
    job.extendLock(token, times.lock).catch(() => undefined);
  }, times.lockRenewal);
  // Redis is waited for, but not by a worker that shall end.
  const reached = (asked: Promise<unknown>) => Promise.race([asked.catch(() => undefined), late]);
  const putBack = async (): Promise<Done> => {
    await reached(job.moveToWait(token));
    return { status: 'put back' };
  };
  try {
    const outcome = await attempt();
    if (outcome === undefined) return await putBack();
    const status = outcome.status === 'failed' ? outcome.failure.status : outcome.status;
    if (outcome.status === 'failed' && status === 'refused') {
      await putBack();
      return { status, failure: outcome.failure };
    }
    if (status === 'lost' && !job.deferredFailure) return await putBack();
    here.outbox.tell({ type: 'outcome', job: id, outcome });
    await reached(here.outbox.sent());
    await reached(job.moveToCompleted(null, token, false));
    return outcome;
  } finally {
    clearInterval(renewal);
    signal.removeEventListener('abort', soon);
    here.jobs.delete(id);
  }

  async function attempt(): Promise<NodeOutcome | undefined> {
    // BullMQ marks so what was given to others too often.
    if (job.deferredFailure) return failedNode('lost', workersLost(job.stalledCounter));
    const file = await plan();
    if (file === undefined) return undefined;
    const { job: node, cache, experiment } = job.data;
    const folder = resolve(experiment);
    const local: NodeJob = { ...node, plan: { ...node.plan, file, folder } };
    return worker.work(
      local,
      cache,
      (event) => here.outbox.tell({ type: 'events', job: id, events: [event] }),
      controller.signal,
    );
  }
}

const workersLost = (count: number) =>
  new UserError('run', 'WORKERS_LOST', `${count} workers were lost while they worked on it.`, {
    hint: 'Does it need more memory than their machines have?',
  });
