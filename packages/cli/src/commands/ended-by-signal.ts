import { markInterrupted, UserError } from '@privatesnn/core';

import { showFailure } from '../failure.js';

/**
 * Tells that the run's process was ended by a signal, and notes it in the run folder.
 *
 * @param byUser whether Ctrl-C was the reason
 * @param folder the run's folder, where it was made already
 * @returns the exit code
 */
export async function endedBySignal(
  signal: NodeJS.Signals,
  byUser: boolean,
  folder: string | undefined,
): Promise<number> {
  if (folder !== undefined) await markInterrupted(folder);
  const where = folder === undefined ? '' : ` Its folder is ${folder}.`;
  const goesOn = 'Finished stages are kept; the same command, started again, goes on from there.';
  return showFailure(
    byUser
      ? new UserError('interrupted', 'INTERRUPTED', `The run was interrupted.${where}`, {
          hint: goesOn,
        })
      : new UserError('run', 'RUN_KILLED', `The run was ended by the signal ${signal}.${where}`, {
          hint: `The system may have run out of memory. ${goesOn}`,
        }),
  );
}
