import { basename } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

import { askToEnd, markInterrupted, readRun, UserError, type RunState } from '@privatesnn/core';

import { findRun } from '../runs.js';
import { say } from '../terminal.js';
import { resumable } from './status.js';

export interface CancelOptions {
  /** Where run folders lie. */
  readonly out: string;
  /** At once, without the checkpoints that are due. */
  readonly now?: boolean;
}

const lookMilliseconds = 250;
/** From the wish that a run ends to the end of one that does not hear it. */
const patienceMilliseconds = 25_000;

/** Ends a run, from whatever terminal or machine. What has finished is kept. */
export async function cancelRun(name: string, { out, now }: CancelOptions): Promise<void> {
  const folder = await findRun(name, out);
  const before = await readRun(folder);
  if (before.status !== 'running') {
    if (before.status === 'dead') await markInterrupted(folder);
    const how = before.status === 'dead' ? 'has no process any more' : `is ${before.status}`;
    say(process.stdout, `Nothing to end: the run ${basename(folder)} ${how}.\n`);
    return;
  }
  await askToEnd(folder, now ? 'now' : 'soon');
  if (!now) say(process.stderr, 'Ending the run when checkpoints are saved …\n');
  const after = await ended(folder);
  if (after === undefined) {
    throw new UserError('run', 'RUN_DEAF', `The run ${basename(folder)} did not end.`, {
      hint: before.holder?.here
        ? `End its process: kill ${before.holder.process}`
        : 'Its machine may be slow or cut off; it ends when it can read its folder.',
    });
  }
  const { ended: stages, count, status } = after;
  say(
    process.stdout,
    `The run ${basename(folder)} is ${status}: ${stages.size} of ${count} stages are finished and kept.\n` +
      (status === 'finished' ? '' : `To go on: privatesnn resume ${resumable(folder)}\n`),
  );
}

/** The run when it works no more; undefined where it does not end. Its process is killed where it does not answer. */
async function ended(folder: string): Promise<RunState | undefined> {
  const start = performance.now();
  let killed = false;
  for (;;) {
    await sleep(lookMilliseconds);
    const run = await readRun(folder);
    if (run.status === 'dead') {
      await markInterrupted(folder);
      return readRun(folder);
    }
    if (run.status !== 'running') return run;
    if (performance.now() - start < patienceMilliseconds) continue;
    if (killed || !run.holder?.here) return undefined;
    killed = true;
    process.kill(run.holder.process, 'SIGKILL');
  }
}
