import { readdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

import {
  failedNode,
  UserError,
  type Launcher,
  type LauncherMaterials,
  type NodeEvent,
  type NodeOutcome,
} from '@privatesnn/core';

import { lasting } from '../lasting.js';
import { createCrew, shownName, type CrewMember } from './crew.js';
import { offer, readLines, withdraw } from './job-file.js';
import { makeSession, removeSession, takenBy } from './session.js';
import { times } from './times.js';

export interface RunSideOptions {
  /** How many nodes wait or are worked on at a time. */
  readonly slots: number;
}

/** What a launcher that brings workers of its own sees of them. */
export interface FolderLauncher extends Launcher {
  /** Ids of all workers that have ever come. */
  readonly met: ReadonlySet<string>;
  /** How many nodes wait or are worked on. */
  readonly pending: number;
  /** Says that a worker has ended for certain, before its lease tells. */
  bury(isIt: (id: string) => boolean): void;
}

interface Pending {
  readonly emit: (event: NodeEvent) => void;
  readonly settle: (outcome: NodeOutcome) => void;
  /** Resolves when its file is there for workers. */
  readonly offered: Promise<unknown>;
  /** How far its file is read. */
  offset: number;
  /** Whether it shall end, and whether workers can see so. */
  stop: 'no' | 'wanted' | 'shown';
}

const ended = () =>
  failedNode('interrupted', new UserError('run', 'STAGE_INTERRUPTED', 'it was asked to end.'));
const lost = (worker: string) =>
  failedNode(
    'lost',
    new UserError('run', 'WORKER_LOST', `its worker ${shownName(worker)} is gone.`),
  );

/**
 * The run's side: each node is a file in a folder of the run, which workers take by renaming it.
 *
 * @param lonely what to say where nobody works for the run; nothing when left out
 */
export async function openRunSide(
  { slots }: RunSideOptions,
  { folder, cache, tell }: LauncherMaterials,
  lonely?: string,
): Promise<FolderLauncher> {
  const session = await makeSession(folder);
  const crew = createCrew(session);
  const pending = new Map<string, Pending>();
  /** Files of workers that are unknown: whoever is not there at the next look either is gone. */
  let unknown = new Set<string>();
  let there: readonly CrewMember[] = [];
  const met = new Set<string>();
  let buried: ((id: string) => boolean)[] = [];
  const alone = lasting();
  const refused = lasting();
  const closed = new AbortController();
  let launched = 0;
  let told = false;
  let failing = false;

  /** Takes in what a job's file tells. */
  const read = async (file: string) => {
    const { job } = takenBy(file);
    const one = pending.get(job);
    const path = join(session.taken, file);
    if (!one) return rm(path, { force: true });
    const news = await readLines(path, one.offset);
    if (!news) return;
    one.offset = news.offset;
    for (const line of news.lines) {
      if (line.type === 'event') one.emit(line.event);
      else one.settle(line.outcome);
    }
    if (pending.has(job)) return;
    await rm(path, { force: true });
    await rm(join(session.stops, job), { force: true });
  };
  const look = async () => {
    const seen = await crew.look();
    const isBuried = (id: string) => buried.some((is) => is(id));
    const gone = [...seen.gone, ...seen.there.map(({ id }) => id).filter(isBuried)];
    buried = [];
    for (const { id } of seen.there) met.add(id);
    there = seen.there.filter(({ id }) => !gone.includes(id));
    const files = await readdir(session.taken);
    await Promise.all(files.map(read));
    const here = new Set(there.map(({ id }) => id));
    const missed = new Set<string>();
    const losers = new Set<string>();
    for (const file of files) {
      const { job, worker } = takenBy(file);
      if (!pending.has(job) || here.has(worker)) continue;
      if (!gone.includes(worker) && !unknown.has(file)) missed.add(file);
      else {
        losers.add(worker);
        pending.get(job)!.settle(lost(worker));
        await rm(join(session.taken, file), { force: true });
      }
    }
    unknown = missed;
    for (const id of gone) await crew.forget(id);
    for (const id of losers) tell(`Worker ${shownName(id)} is gone; others do what it worked on.`);
    for (const [id, one] of [...pending]) if (one.stop !== 'no') await stop(id);
    judge(performance.now());
  };
  /** Whether anybody works for this run. */
  const judge = (now: number) => {
    const nobody = alone.look(there.length === 0 && pending.size > 0, now);
    if (nobody === undefined) told = false;
    else if (lonely !== undefined && !told && nobody >= times.patience) {
      told = true;
      tell(lonely);
    }
    const failure = there.find(({ refusal }) => refusal)?.refusal;
    const all = refused.look(there.length > 0 && there.every(({ refusal }) => refusal), now);
    if (failure === undefined || all === undefined || all < times.patience) return;
    for (const [id, { settle }] of [...pending]) {
      settle({ status: 'failed', failure });
      void withdraw(session, id).catch(() => undefined);
    }
  };
  const looks = async () => {
    while (!closed.signal.aborted) {
      try {
        await look();
        if (failing) tell(`${session.path} can be used again.`);
        failing = false;
      } catch (error) {
        const { message } = error as Error;
        if (!failing && !closed.signal.aborted) {
          tell(`${session.path} cannot be used just now: ${message}. It is waited for.`);
        }
        failing = true;
      }
      const pause = failing ? times.again : times.look;
      await sleep(pause, undefined, { signal: closed.signal }).catch(() => undefined);
    }
  };
  /** Takes a job back; where a worker has it, that one is asked to end. */
  const stop = async (id: string) => {
    const one = pending.get(id);
    if (!one) return;
    if (one.stop === 'no') one.stop = 'wanted';
    await one.offered;
    if (await withdraw(session, id)) return one.settle(ended());
    if (one.stop === 'shown') return;
    await writeFile(join(session.stops, id), '');
    one.stop = 'shown';
  };
  const looking = looks();

  return {
    slots,
    threads: Infinity,
    memory: Infinity,
    met,
    get pending() {
      return pending.size;
    },
    bury: (isIt) => void buried.push(isIt),

    launch(job, emit, signal) {
      if (signal.aborted || closed.signal.aborted) return Promise.resolve(ended());
      return new Promise((resolve) => {
        // Workers take them in the order of their names.
        const id = `n${String(++launched).padStart(7, '0')}`;
        let timer: NodeJS.Timeout | undefined;
        const interrupt = () => {
          timer = setTimeout(() => settle(ended()), times.ending);
          // Where the folder is away, the timer ends it.
          stop(id).catch(() => undefined);
        };
        const settle = (outcome: NodeOutcome) => {
          if (!pending.delete(id)) return;
          clearTimeout(timer);
          signal.removeEventListener('abort', interrupt);
          resolve(outcome);
        };
        const { digest } = job.plan;
        const order = { job: { ...job, plan: { digest } }, cache };
        const offered = offer(session, id, order).catch((error: unknown) =>
          settle(failedNode('failed', error)),
        );
        pending.set(id, { emit, settle, offered, offset: 0, stop: 'no' });
        signal.addEventListener('abort', interrupt, { once: true });
      });
    },

    cancel() {
      for (const [id, { settle }] of [...pending]) {
        void stop(id).catch(() => undefined);
        settle(ended());
      }
      return Promise.resolve();
    },

    async close() {
      closed.abort();
      await looking;
      await removeSession(session);
    },
  };
}
