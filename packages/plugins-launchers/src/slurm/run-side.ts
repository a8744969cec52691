import { appendFile, mkdir, readFile, writeFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

import { UserError, type Launcher, type LauncherMaterials } from '@privatesnn/core';

import { openRunSide as openFolder } from '../folder/run-side.js';
import { lasting } from '../lasting.js';
import { within } from '../within.js';
import { SchedulerAway, type Slurm } from './commands.js';
import { createFleet } from './fleet.js';
import { isOfTask, workerScript } from './script.js';
import type { Task } from './states.js';
import { submission, type SlurmOptions } from './submission.js';
import { times } from './times.js';

/** Ends of a task that say nothing against its worker: there may be another. */
const noFault = new Set(['TIMEOUT', 'NODE_FAIL', 'PREEMPTED', 'UNKNOWN', 'REVOKED', 'DEADLINE']);

/**
 * The run's side: the launcher `folder`, and Slurm arrays of workers for it, as many as there is work for.
 *
 * Launching rejects where Slurm refuses the workers, or none is left and none may be submitted: the run ends with that.
 */
export async function openRunSide(
  options: SlurmOptions,
  materials: LauncherMaterials,
  slurm: Slurm,
): Promise<Launcher> {
  const { folder, tell, command } = materials;
  const { workers, jobs, cpusPerTask: threads } = options;
  const place = join(folder, 'slurm');
  await mkdir(place, { recursive: true });
  const arrays = join(place, 'arrays');
  const script = join(place, 'worker.sh');
  const own = { run: folder, directory: process.cwd(), threads, ...options };
  await writeFile(script, workerScript({ ...own, command: options.command ?? command }));
  const slots = options.slots ?? Math.min(10_000, 2 * workers * jobs);
  const side = await openFolder({ slots }, materials);

  const fleet = createFleet(times);
  const closed = new AbortController();
  let giveUp: (error: unknown) => void = () => undefined;
  const broken = new Promise<never>((_, reject) => (giveUp = reject));
  broken.catch(() => undefined);
  const stuck = lasting();
  /** How many workers there may be. */
  let most = workers;
  let old = true;
  let away = false;
  let told = '';
  let wake: () => void = () => undefined;
  let looping: Promise<void> | undefined;

  /** Arrays of this run's process that was killed. */
  const endOld = async () => {
    const text = await readFile(arrays, 'utf8').catch(() => '');
    await slurm.cancel(text.split('\n').filter(Boolean));
    await writeFile(arrays, '');
  };
  const submit = async (count: number) => {
    const array = await slurm.submit(submission(options, basename(folder), place, count), script);
    await appendFile(arrays, `${array}\n`);
    fleet.submitted(array, count);
    tell(`Slurm array ${array}: ${count === 1 ? 'a worker' : `${count} workers`} submitted.`);
  };
  const look = async () => {
    const ended = fleet.look(await slurm.tasks(fleet.arrays));
    const came = (task: Task) => [...side.met].some((id) => isOfTask(id, task.id));
    const spoilt = ended.filter(
      (task) => task.state === 'CANCELLED' || (!noFault.has(task.state) && !came(task)),
    );
    side.bury((id) => ended.some((task) => isOfTask(id, task.id)));
    // Whoever cancels a worker wants fewer, and one that did not come to work will not the next time.
    most -= spoilt.length;
    if (ended.length > 0) tell(`Slurm has ended ${ended.map(shown).join(', ')}.`);
    const none = most <= 0 || (side.met.size === 0 && spoilt.some(isFailure));
    if (fleet.live === 0 && none && spoilt.length > 0) throw await endedWith(spoilt, place);
    tellWaiting();
  };
  const tellWaiting = () => {
    const { waiting, live } = fleet;
    const waits = stuck.look(waiting.length > 0 && waiting.length === live, performance.now());
    if (waits === undefined) told = '';
    const reason = waiting[0]?.reason ?? '';
    if ((waits ?? 0) < times.patience || reason === told) return;
    told = reason;
    tell(`All workers wait in Slurm's queue${reason === '' ? '' : ` (${reason})`}.`);
  };
  const round = async () => {
    if (old) await endOld();
    old = false;
    if (fleet.live > 0) await look();
    const wanted = Math.min(most, Math.ceil(side.pending / jobs));
    const count = fleet.missing(wanted, performance.now());
    if (count === 0) return;
    await submit(count).catch((error: unknown) => {
      if (error instanceof SchedulerAway || fleet.live === 0) throw error;
      // Some work: it goes on with them.
      most = fleet.live;
      tell((error as Error).message);
    });
  };
  const loop = async () => {
    await sleep(times.gather);
    while (!closed.signal.aborted) {
      await attempt(round);
      const woken = new Promise<void>((done) => {
        wake = done;
      });
      await Promise.race([woken, sleep(away ? times.again : times.look)]);
    }
  };
  const tellAway = (why: string) => {
    if (!away && !closed.signal.aborted) {
      tell(`Slurm does not answer (${why}). It is waited for; what works goes on.`);
    }
    away = true;
  };
  /** Does something with Slurm; where that is away, says so: its programs may wait for it for long. */
  const attempt = async (act: () => Promise<void>) => {
    const late = setTimeout(tellAway, times.slow, `for ${times.slow / 1000} s`);
    try {
      await act();
      if (away) tell('Slurm answers again.');
      away = false;
    } catch (error) {
      if (!(error instanceof SchedulerAway)) return giveUp(error);
      tellAway(error.message);
    } finally {
      clearTimeout(late);
    }
  };
  const endAll = async () => {
    const ids = fleet.arrays;
    const done = async () => {
      for (;;) {
        try {
          await slurm.cancel(ids);
          return true;
        } catch {
          await sleep(times.again);
        }
      }
    };
    if (ids.length === 0 || (await within(times.closing, done()))) return;
    tell(
      `Slurm does not answer. Workers that wait there end when they start; or: scancel ${ids.join(' ')}`,
    );
  };

  return {
    slots: side.slots,
    threads: side.threads,
    memory: side.memory,

    launch(job, emit, signal) {
      looping ??= loop();
      return Promise.race([side.launch(job, emit, signal), broken]);
    },
    cancel: () => side.cancel(),
    async close() {
      closed.abort();
      wake();
      await within(times.closing, looping ?? Promise.resolve());
      await side.close();
      await endAll();
    },
  };
}

const isFailure = ({ state }: Task) => state !== 'CANCELLED';

const shown = ({ id, state, node }: Task) => `${id}${node === '' ? '' : ` on ${node}`}: ${state}`;

/** Why there is no worker any more, and may be none. */
async function endedWith(tasks: readonly Task[], place: string): Promise<UserError> {
  const failed = tasks.find(isFailure);
  if (!failed) {
    return new UserError('run', 'SLURM_CANCELLED', 'Its workers at Slurm were all cancelled.', {
      hint: 'What has finished is kept; "privatesnn resume" goes on.',
    });
  }
  const log = join(place, `${failed.id}.log`);
  const text = await readFile(log, 'utf8').catch(() => '');
  const lines = text.trim().split('\n').slice(-5).join('\n');
  const message = `No worker at Slurm came to work: ${shown(failed)}. The last lines of ${log}:\n${lines}`;
  return new UserError('run', 'SLURM_WORKERS_FAILED', message, {
    hint: 'Modules and prologue of the launcher must make the command work on the nodes, and the nodes must see the run folder.',
  });
}
