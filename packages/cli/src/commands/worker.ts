import {
  chooseLauncher,
  loadPlugin,
  openWorker,
  UserError,
  whenIdle,
  type AnyLauncher,
} from '@privatesnn/core';

import { openCacheAt } from '../cache.js';
import { bundledLaunchers } from '../launcher.js';
import { clockTime } from '../progress/format.js';
import { say } from '../terminal.js';
import { childOptions, whole, type JobsOptions } from './jobs.js';
import { planOpener } from './node.js';
import { listenForInterrupt } from './supervise.js';

export interface WorkerOptions extends JobsOptions {
  /** Where the cache lies, when not where the run says. */
  readonly cache?: string;
  /** A launcher of another plugin, by a launcher file. */
  readonly launcher?: string;
  /** Minutes without work after which it ends; never when left out. */
  readonly idle?: string;
  readonly quiet?: boolean;
}

const mostIdle = 7 * 24 * 60;

/** Works for runs that are started elsewhere, until it is told to end, or nothing more can come, or nothing has come for long. */
export async function workAt(where: string, options: WorkerOptions): Promise<number> {
  const minutes =
    options.idle === undefined ? undefined : whole('--idle', options.idle, 1, mostIdle);
  const { worker: side, id } = await launcherFor(where, options);
  const asked = new AbortController();
  const idle = new AbortController();
  const ended = AbortSignal.any([asked.signal, idle.signal]);
  await listenForInterrupt(() => asked.abort());
  const tell = (message: string) => {
    if (options.quiet) return;
    say(process.stderr, `${clockTime(new Date().toISOString(), 'time')} ${message}\n`);
  };
  const worker = openWorker({
    ...childOptions(options),
    openCache: (location) => openCacheAt(options.cache ?? location),
    openWork: planOpener(options.cache),
    tell,
    signal: ended,
  });
  const watched =
    minutes === undefined ? worker : whenIdle(worker, minutes * 60_000, () => idle.abort());
  tell(`Working for ${id}, ${worker.slots} at a time. Ctrl-C ends this.`);
  try {
    await side.serve(where, watched, ended);
  } finally {
    await worker.close();
  }
  if (idle.signal.aborted) tell(`Nothing to do for ${minutes} min: it ends.`);
  if (!asked.signal.aborted) return 0;
  tell('Ended; what was not finished is for other workers.');
  return 130;
}

async function launcherFor(where: string, { launcher }: WorkerOptions) {
  const candidates = launcher === undefined ? await bundled() : [await chosen(launcher)];
  const definition = candidates.find(({ worker }) => worker?.accepts(where));
  if (definition?.worker) return { worker: definition.worker, id: definition.id };
  const names = candidates.filter(({ worker }) => worker).map(({ id }) => id);
  throw new UserError(
    'configuration',
    'UNKNOWN_QUEUE',
    `No launcher (${names.join(', ')}) has workers at "${where}".`,
    { hint: 'Give the folder of a run on a shared file system, or redis://host:6379.' },
  );
}

async function bundled(): Promise<readonly AnyLauncher[]> {
  const search = { folder: process.cwd(), moduleBase: import.meta.dirname };
  const { plugin } = await loadPlugin(bundledLaunchers, { file: 'privatesnn worker' }, search);
  return plugin.launchers ?? [];
}

async function chosen(launcher: string): Promise<AnyLauncher> {
  const search = { bundled: bundledLaunchers, moduleBase: import.meta.dirname };
  return (await chooseLauncher(launcher, search)).definition;
}
