import { appendFile, mkdir, readFile, writeFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

import type { Launcher, LauncherMaterials } from '@privatesnn/core';

import { openRunSide as openFolder } from '../folder/run-side.js';
import { lasting } from '../lasting.js';
import { within } from '../within.js';
import { SchedulerAway, type Slurm } from './commands.js';
import { endedWith, isFailure, shown, speaksAgainst } from './ends.js';
import { createFleet } from './fleet.js';
import { isOfTask, workerScript } from './script.js';
import type { Task } from './states.js';
import { submission, type SlurmOptions } from './submission.js';
import { times } from './times.js';

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
  /** How many arrays wait behind them. */
  let ahead = options.followUps;
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
  /** @param after arrays to wait for */
  const submit = async (count: number, after: readonly string[] = []) => {
    const request = submission(options, basename(folder), place, count, after);
    const array = await slurm.submit(request, script);
    await appendFile(arrays, `${array}\n`);
    fleet.submitted(array, count, after.length > 0);
    const who = count === 1 ? 'a worker' : `${count} workers`;
    tell(`Slurm array ${array}: ${who} submitted${after.length > 0 ? ' to follow' : ''}.`);
  };
  const dismiss = async (ids: readonly string[]) => {
    await slurm.cancel(ids);
    fleet.dismissed(ids);
  };
  const look = async () => {
    const before = new Set(fleet.held);
    const { ended, requeued } = fleet.look(await slurm.tasks(fleet.arrays));
    const came = (task: Task) => [...side.met].some((id) => isOfTask(id, task.id));
    const spoilt = ended.filter((task) => speaksAgainst(task, came(task)));
    const over = [...ended, ...requeued];
    side.bury((id) => over.some((task) => isOfTask(id, task.id)));
    most -= spoilt.filter(({ id }) => !before.has(id)).length;
    if (spoilt.length > 0) ahead = 0;
    if (ended.length > 0) tell(`Slurm has ended ${ended.map(shown).join(', ')}.`);
    if (requeued.length > 0) {
      const those = requeued.map(({ id, node }) => `${id} of ${node}`);
      tell(`Slurm has put ${those.join(', ')} back into its queue.`);
    }
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
    if (fleet.arrays.length > 0) await look();
    const wanted = Math.max(0, Math.min(most, Math.ceil(side.pending / jobs)));
    const due = fleet.held.slice(0, Math.max(0, wanted - fleet.live));
    if (due.length > 0) await slurm.release(due);
    fleet.released(due);
    const count = fleet.missing(wanted, performance.now());
    await attemptSubmit(count, [], () => (most = fleet.live));
    await keepFollowUps();
  };
  /** What Slurm refuses ends the run only where it has no workers. */
  const attemptSubmit = async (count: number, after: readonly string[], refused: () => void) => {
    if (count === 0) return;
    await submit(count, after).catch((error: unknown) => {
      if (error instanceof SchedulerAway || fleet.live === 0) throw error;
      refused();
      tell((error as Error).message);
    });
  };
  /** Each array waits for all before it, and is no larger than the workers that it follows. */
  const keepFollowUps = async () => {
    const each = Math.min(most, fleet.live);
    const wanted = ahead * each;
    const surplus = ahead === 0 ? fleet.held : fleet.surplus(wanted, performance.now());
    if (surplus.length > 0) await dismiss(surplus);
    const count = Math.min(each, fleet.missingBehind(wanted, performance.now()));
    await attemptSubmit(count, fleet.arrays, () => (ahead = 0));
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
