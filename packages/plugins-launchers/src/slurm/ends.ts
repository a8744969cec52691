import { readFile } from 'node:fs/promises';
import { join } from 'node:path';

import { UserError } from '@privatesnn/core';

import type { Task } from './states.js';

/** Ends of a task that say nothing against its worker: there may be another. */
const noFault = new Set(['TIMEOUT', 'NODE_FAIL', 'PREEMPTED', 'UNKNOWN', 'REVOKED', 'DEADLINE']);

/**
 * Whether the end of a task speaks against another in its place: whoever cancels a worker wants fewer, and one that did not
 * come to work will not the next time.
 */
export const speaksAgainst = ({ state }: Task, came: boolean) =>
  state === 'CANCELLED' || (!noFault.has(state) && !came);

/** Whether nobody wanted its end. */
export const isFailure = ({ state }: Task) => state !== 'CANCELLED';

/** A task for people. */
export const shown = ({ id, state, node }: Task) =>
  `${id}${node === '' ? '' : ` on ${node}`}: ${state}`;

/**
 * Why there is no worker any more, and may be none.
 *
 * @param tasks the last ones that have ended; not empty
 * @param place folder of their logs
 */
export async function endedWith(tasks: readonly Task[], place: string): Promise<UserError> {
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
