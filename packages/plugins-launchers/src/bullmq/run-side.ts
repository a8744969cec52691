import { randomUUID } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { basename, relative } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import { gzip } from 'node:zlib';

import {
  failedNode,
  UserError,
  type Launcher,
  type LauncherMaterials,
  type NodeEvent,
  type NodeJob,
  type NodeOutcome,
} from '@privatesnn/core';

import { lasting } from '../lasting.js';
import { again, connect } from './connect.js';
import { endpointOf, shownUrl, type EndpointRequest } from './endpoint.js';
import { namesOf } from './keys.js';
import { createLedger } from './ledger.js';
import { format, type JobData, type News, type RunCard } from './messages.js';
import { readNews } from './news.js';
import { expiring, runKeys } from './run-keys.js';
import { times } from './times.js';
import { within } from '../within.js';

export interface RunSideOptions extends EndpointRequest {
  /** How many nodes are queued or worked on at a time. */
  readonly slots: number;
  /** The experiment's folder on the workers; by default as it lies from this working directory. */
  readonly experiment?: string | undefined;
}

interface Pending {
  readonly job: NodeJob;
  readonly emit: (event: NodeEvent) => void;
  readonly settle: (outcome: NodeOutcome) => void;
}

const ended = () =>
  failedNode('interrupted', new UserError('run', 'STAGE_INTERRUPTED', 'it was asked to end.'));

/**
 * The run's side: each node is a job of a BullMQ queue that is this run's own. Its outcome comes through a stream, not
 * by the job, so that it counts also where Redis has lost the job meanwhile.
 *
 * @throws UserError where Redis is not there, or lets nobody in
 */
export async function openRunSide(
  options: RunSideOptions,
  materials: LauncherMaterials,
): Promise<Launcher> {
  const { tell } = materials;
  const endpoint = endpointOf(options, process.env);
  const client = await connect(endpoint, { tell, patient: false });
  const { Queue } = await import('bullmq');
  const name = basename(materials.folder);
  const run = `${name.replaceAll(/[^\w.-]/g, '_')}.${randomUUID().slice(0, 8)}`;
  const names = namesOf(endpoint.queue);
  const own = names.run(run);
  const queue = new Queue<JobData>(run, { connection: client, prefix: endpoint.queue });
  queue.on('error', () => undefined);
  const plan = await promisify(gzip)(await readFile(materials.plan.file));
  const card: RunCard = { format, name };
  const keys = runKeys(client, queue, names, JSON.stringify(card), plan);
  const experiment =
    options.experiment ?? (relative(process.cwd(), materials.experimentFolder) || '.');

  const pending = new Map<string, Pending>();
  const ledger = createLedger(times);
  const closed = new AbortController();
  const alone = lasting();
  let launched = 0;
  let lonely = false;
  let failing = false;

  const wake = () => client.publish(names.wake, '');
  const put = async (id: string) => {
    const { job } = pending.get(id)!;
    const { digest } = job.plan;
    const data: JobData = { job: { ...job, plan: { digest } }, cache: materials.cache, experiment };
    await queue.add('node', data, { jobId: id, removeOnComplete: true, removeOnFail: true });
    await expiring(client.pipeline(), queue, [id]).exec();
    await wake();
  };
  const stop = async (ids: readonly string[]) => {
    if (ids.length === 0) return;
    await client.sadd(own.stops, ...ids);
    await wake();
    for (const id of ids) {
      // One that no worker holds is done with.
      if ((await queue.remove(id)) === 1) pending.get(id)?.settle(ended());
    }
  };
  const hear = (news: News) => {
    const now = performance.now();
    if (news.type === 'here') ledger.hear(news.card, now);
    if (news.type === 'left') ledger.left(news.worker);
    if (news.type === 'events') {
      const { emit } = pending.get(news.job) ?? {};
      if (emit) for (const event of news.events) emit(event);
    }
    if (news.type === 'outcome') pending.get(news.job)?.settle(news.outcome);
  };
  const beat = async () => {
    const present = await keys.beat(pending.keys());
    for (const id of ledger.missing(present)) if (pending.has(id)) await put(id);
    const now = performance.now();
    for (const { name: worker } of ledger.silent(now)) {
      tell(`Nothing is heard of worker ${worker}; others do what it worked on.`);
    }
    const refusal = ledger.refusal(now);
    if (refusal) {
      const outcome: NodeOutcome = { status: 'failed', failure: refusal };
      for (const [id, { settle }] of [...pending]) {
        settle(outcome);
        await queue.remove(id);
      }
    }
    const nobody = alone.look(ledger.workers === 0 && pending.size > 0, now);
    if (nobody === undefined) lonely = false;
    else if (!lonely && nobody >= times.patience) {
      lonely = true;
      tell(`No worker is there. One is started by: privatesnn worker ${shownUrl(endpoint)}`);
    }
  };
  const beats = async () => {
    while (!closed.signal.aborted) {
      try {
        await beat();
        failing = false;
      } catch (error) {
        // Full, read-only, loading: the next beat may do better.
        const { message } = error as Error;
        // That it is away is told already.
        const news = !failing && client.status === 'ready' && !closed.signal.aborted;
        if (news) tell(`Redis at ${shownUrl(endpoint)} says: ${message}`);
        failing ||= news;
      }
      await sleep(times.beat, undefined, { signal: closed.signal }).catch(() => undefined);
    }
  };

  await keys.beat([]);
  const reader = again(client);
  const reading = readNews(reader, client, own.news, hear, closed.signal);
  const beating = beats();

  return {
    slots: options.slots,
    threads: Infinity,
    memory: Infinity,

    launch(job, emit, signal) {
      if (signal.aborted || closed.signal.aborted) return Promise.resolve(ended());
      return new Promise((resolve) => {
        const id = `n${++launched}`;
        const timers: NodeJS.Timeout[] = [];
        const interrupt = () => {
          const asked = performance.now();
          const silent = () => {
            if (!ledger.worksOn(id, asked)) settle(ended());
          };
          timers.push(
            setTimeout(silent, times.answer),
            setTimeout(() => settle(ended()), times.ending),
          );
          // Where Redis is away, the timer ends it.
          stop([id]).catch(() => undefined);
        };
        const settle = (outcome: NodeOutcome) => {
          if (!pending.delete(id)) return;
          ledger.ended(id);
          for (const timer of timers) clearTimeout(timer);
          signal.removeEventListener('abort', interrupt);
          resolve(outcome);
        };
        pending.set(id, { job, emit, settle });
        ledger.launched(id);
        signal.addEventListener('abort', interrupt, { once: true });
        // What could not be queued is missed, and queued again.
        put(id).catch(() => undefined);
      });
    },

    async cancel() {
      const ids = [...pending.keys()];
      void stop(ids).catch(() => undefined);
      for (const { settle } of [...pending.values()]) settle(ended());
      return Promise.resolve();
    },

    async close() {
      closed.abort();
      await within(times.closing, beating.then(keys.remove));
      reader.disconnect();
      await queue.close().catch(() => undefined);
      client.disconnect();
      await reading;
    },
  };
}
