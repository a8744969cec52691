import { randomBytes } from 'node:crypto';
import { readdir, writeFile } from 'node:fs/promises';
import { hostname } from 'node:os';
import { basename, join, resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

import { folderLeases, runWatch, type Lease, type NodeWorker } from '@privatesnn/core';

import { claim } from './job-file.js';
import { currentSession, orNothing, removeTraces, type Session } from './session.js';
import { times } from './times.js';
import { workJob } from './work-job.js';

/** A session that this worker works in. */
interface Here {
  readonly session: Session;
  readonly id: string;
  readonly lease: Lease;
  /** What is worked on: by aborting one its job is ended. */
  readonly jobs: Map<string, AbortController>;
  refuses: boolean;
}

/**
 * The worker's side: works for one run until that has ended, or its process is gone, or the signal is aborted.
 *
 * @param where the run's folder
 */
export async function serve(where: string, worker: NodeWorker, signal: AbortSignal): Promise<void> {
  const run = resolve(where);
  const name = basename(run);
  const host = (process.env['PRIVATESNN_WORKER'] ?? hostname()).replaceAll(/[^\w.-]/g, '_');
  const state = runWatch(run);
  const working = new Set<Promise<void>>();
  let here: Here | undefined;
  let troubled = false;
  let idle = false;
  let wake: () => void = () => undefined;
  const trouble = (error: unknown) => {
    if (!troubled) worker.tell(`${name}: ${(error as Error).message}. It is tried again.`);
    troubled = true;
  };

  const enter = async (session: Session): Promise<Here | undefined> => {
    const id = `${host}@${process.pid}.${randomBytes(4).toString('hex')}`;
    const lease = await folderLeases(session.workers).acquire(id);
    return lease && { session, id, lease, jobs: new Map(), refuses: false };
  };
  const leave = async () => {
    const left = here;
    here = undefined;
    for (const controller of left?.jobs.values() ?? []) controller.abort();
    await left?.lease.release();
    if (left) await removeTraces(left.session);
  };
  /** Takes jobs while there are free slots. */
  const fill = async (at: Here) => {
    if (at.refuses || working.size >= worker.slots) return;
    const waiting = (await readdir(at.session.waiting).catch(orNothing)).sort();
    for (const job of waiting) {
      if (working.size >= worker.slots || signal.aborted || at.refuses) return;
      const file = await claim(at.session, job, at.id);
      if (file === undefined) continue;
      const done: Promise<void> = begin(at, job, file)
        .catch(trouble)
        .finally(() => {
          working.delete(done);
          at.jobs.delete(job);
          wake();
        });
      working.add(done);
    }
  };
  const begin = async (at: Here, job: string, file: string) => {
    const started = performance.now();
    const controller = new AbortController();
    at.jobs.set(job, controller);
    const ended = await workJob(run, at.session, file, worker, controller.signal, trouble);
    const { node, done } = ended;
    if (done.status === 'refused' && !at.refuses) {
      at.refuses = true;
      await writeFile(join(at.session.refused, at.id), JSON.stringify(done.failure));
      worker.tell(`${name}: refused. ${done.failure.error.message}`);
    }
    if (done.status === 'finished' || done.status === 'failed') {
      const how = done.status === 'failed' ? done.failure.status : done.status;
      const seconds = ((performance.now() - started) / 1000).toFixed(1);
      worker.tell(`${name}: ${node.slice(0, 12)} ${how} after ${seconds} s`);
    }
  };
  const round = async () => {
    const session = await currentSession(run);
    if (here && (here.session.path !== session?.path || here.lease.lost.aborted)) await leave();
    if (!session) {
      if (!idle) worker.tell(`${name} hands out no work just now; it is waited for.`);
      idle = true;
      return;
    }
    idle = false;
    here ??= await enter(session);
    if (!here) return;
    for (const job of await readdir(session.stops).catch(orNothing)) here.jobs.get(job)?.abort();
    await fill(here);
    troubled = false;
  };

  signal.addEventListener('abort', () => wake(), { once: true });
  let over = 0;
  for (;;) {
    const now = state();
    // Seen twice: over a network a folder may seem empty for a moment.
    over = now === 'works' ? 0 : over + 1;
    if (signal.aborted) break;
    if (over > 1) {
      worker.tell(now === 'ended' ? `${name} has ended.` : `The process of ${name} is gone.`);
      break;
    }
    const woken = new Promise<void>((done) => {
      wake = done;
    });
    await round().catch(trouble);
    await Promise.race([woken, sleep(times.idle)]);
  }
  // Where the worker is asked to end, what it works on ends by itself, and is put back.
  if (!signal.aborted) for (const controller of here?.jobs.values() ?? []) controller.abort();
  await Promise.race([Promise.allSettled(working), sleep(times.ending)]);
  await leave();
}
