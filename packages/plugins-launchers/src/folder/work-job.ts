import { join } from 'node:path';

import type { NodeFailure, NodeJob, NodeOutcome, NodeWorker } from '@privatesnn/core';

import { append, putBack, readOrder } from './job-file.js';
import { takenBy, type Session } from './session.js';
import { createTeller } from './teller.js';
import { times } from './times.js';

/** What became of a job, for the worker. */
export type Done =
  /** It waits for others: this worker ends. */
  | { readonly status: 'put back' }
  | { readonly status: 'refused'; readonly failure: NodeFailure }
  | NodeOutcome;

export interface JobDone {
  /** The node's id in the plan. */
  readonly node: string;
  readonly done: Done;
}

/**
 * Does a claimed job: what the node tells goes into the job's file, at last how it ended.
 *
 * @param run the run's folder, as this machine has it
 * @param signal aborted when the run wants it no more
 * @param fault hears what cannot be written; it is tried again
 */
export async function workJob(
  run: string,
  session: Session,
  file: string,
  worker: NodeWorker,
  signal: AbortSignal,
  fault: (error: unknown) => void,
): Promise<JobDone> {
  const { job: order, cache } = await readOrder(file);
  const job: NodeJob = { ...order, plan: { ...order.plan, file: join(run, 'plan.bin') } };
  const teller = createTeller((text) => append(file, text), fault, times);
  const outcome = await worker.work(job, cache, (event) => teller.tell(event), signal);
  const failure = outcome.status === 'failed' ? outcome.failure : undefined;
  if (failure?.status === 'refused' || failure?.status === 'lost') {
    await teller.written();
    await putBack(session, takenBy(file).job, file);
    const refused = failure.status === 'refused';
    return {
      node: job.node,
      done: refused ? { status: 'refused', failure } : { status: 'put back' },
    };
  }
  teller.end(outcome);
  await teller.written();
  return { node: job.node, done: outcome };
}
