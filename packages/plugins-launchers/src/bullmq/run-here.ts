import type { Worker } from 'bullmq';
import type { Redis } from 'ioredis';

import type { NodeFailure } from '@privatesnn/core';

import type { QueueNames } from './keys.js';
import type { JobData, RunCard } from './messages.js';
import { createOutbox, type Outbox } from './outbox.js';
import { removeGone } from './run-keys.js';
import { times } from './times.js';

/** A run as a worker has it. */
export interface RunHere {
  readonly id: string;
  readonly card: RunCard;
  /** Takes jobs of the run's queue, and looks for those whose worker is gone. */
  readonly consumer: Worker<JobData>;
  readonly outbox: Outbox;
  /** What is worked on: by aborting one its job is ended. */
  readonly jobs: Map<string, AbortController>;
  /** When its heart was seen last, on this process's clock. */
  seen: number;
  /** Why this worker does not work for it. */
  refusal?: NodeFailure;
  /** Until when nothing is taken from it, on this process's clock. */
  pausedUntil: number;
}

export async function openRunHere(
  client: Redis,
  names: QueueNames,
  prefix: string,
  worker: { readonly id: string; readonly name: string },
  id: string,
  card: RunCard,
): Promise<RunHere> {
  const { Worker } = await import('bullmq');
  const consumer = new Worker<JobData>(id, null, {
    connection: client,
    prefix,
    name: worker.name,
    lockDuration: times.lock,
    stalledInterval: times.stalledCheck,
    // A job that has cost four workers their lives is no more given to others.
    maxStalledCount: 3,
  });
  consumer.on('error', () => undefined);
  void consumer.startStalledCheckTimer().catch(() => undefined);
  const { news } = names.run(id);
  const outbox = createOutbox(
    worker.id,
    async (list) =>
      (await client.xadd(news, 'NOMKSTREAM', '*', 'list', JSON.stringify(list))) !== null,
    { batch: times.batch, again: times.idle },
  );
  const now = performance.now();
  return { id, card, consumer, outbox, jobs: new Map(), seen: now, pausedUntil: 0 };
}

/** Ends what is worked on for a run, and lets go of it; of one that is gone no key is left. */
export async function closeRunHere(
  { id, consumer, outbox, jobs }: RunHere,
  client: Redis,
  names: QueueNames,
): Promise<void> {
  for (const controller of jobs.values()) controller.abort();
  outbox.close();
  await consumer.close(true).catch(() => undefined);
  if ((await client.exists(names.run(id).heart)) === 0) await removeGone(client, names, consumer);
}
