import { mkdir, readdir, rename, rm, rmdir } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';

import { uniqueName } from '@privatesnn/core';

/**
 * The folders in which a run and its workers meet: `RUN/work/N`, made anew when the run is resumed, and removed at its end.
 * A job is one file, which goes through them.
 */
export interface Session {
  readonly path: string;
  /** Jobs that nobody works on: `JOB`. */
  readonly waiting: string;
  /** Jobs that a worker has claimed by renaming: `JOB.WORKER`. What they tell is appended. */
  readonly taken: string;
  /** A lease for each worker that is there. */
  readonly workers: string;
  /** Why a worker does not work for the run: `WORKER`. */
  readonly refused: string;
  /** An empty file for each job that shall end: `JOB`. */
  readonly stops: string;
}

const sessionsOf = (run: string) => join(run, 'work');

export function sessionAt(path: string): Session {
  const [waiting, taken, workers, refused, stops] = [
    'waiting',
    'taken',
    'workers',
    'refused',
    'stops',
  ].map((name) => join(path, name)) as [string, string, string, string, string];
  return { path, waiting, taken, workers, refused, stops };
}

/** Makes a run's next session. Only the process that holds the run may do so: those before are removed. */
export async function makeSession(run: string): Promise<Session> {
  const parent = sessionsOf(run);
  await mkdir(parent, { recursive: true });
  const before = await readdir(parent);
  const number = Math.max(0, ...before.map(Number).filter(Number.isInteger)) + 1;
  // Workers see it when it is whole.
  const aside = join(parent, `.aside-${uniqueName()}`);
  const { path: _, ...folders } = sessionAt(aside);
  for (const folder of Object.values(folders)) await mkdir(folder, { recursive: true });
  const path = join(parent, String(number));
  await rename(aside, path);
  for (const name of before) await rm(join(parent, name), { recursive: true, force: true });
  return sessionAt(path);
}

/** A run's session as workers see it; undefined where it has none. */
export async function currentSession(run: string): Promise<Session | undefined> {
  const parent = sessionsOf(run);
  const names = await readdir(parent).catch(orNothing);
  const numbers = names.map(Number).filter(Number.isInteger);
  return numbers.length === 0 ? undefined : sessionAt(join(parent, String(Math.max(...numbers))));
}

export async function removeSession({ path }: Session): Promise<void> {
  // A worker may just be leaving a file there.
  await rm(path, { recursive: true, force: true, maxRetries: 5 });
  await rmdir(dirname(path)).catch(() => undefined);
}

/** Removes the folders that a worker made by coming when the session was just being removed. */
export async function removeTraces({ path, waiting, workers }: Session): Promise<void> {
  if ((await readdir(waiting).catch(() => undefined)) !== undefined) return;
  for (const folder of [workers, path, dirname(path)]) await rmdir(folder).catch(() => undefined);
}

/** The job and the worker of a file in `taken`. */
export function takenBy(name: string): { readonly job: string; readonly worker: string } {
  const [job = '', ...worker] = basename(name).split('.');
  return { job, worker: worker.join('.') };
}

/** For a folder that is gone: it has nothing. */
export function orNothing(error: unknown): never[] {
  if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
  return [];
}
