import { markInterrupted, UserError } from '@privatesnn/core';

import { showFailure } from '../failure.js';

/**
 * Tells that the run's process ended without saying how the run went, and notes it in the run folder.
 *
 * @param how the signal that ended it, or its exit code
 * @param byUser whether it was asked to end
 * @param folder the run's folder, where it was made already
 * @returns the exit code
 */
export async function endedUnsaid(
  how: NodeJS.Signals | number,
  byUser: boolean,
  folder: string | undefined,
): Promise<number> {
  if (folder !== undefined) await markInterrupted(folder).catch(() => undefined);
  const where = folder === undefined ? '' : ` Its folder is ${folder}.`;
  const goesOn = 'Finished stages are kept; the same command, started again, goes on from there.';
  return showFailure(errorFor(how, byUser, where, goesOn));
}

function errorFor(
  how: NodeJS.Signals | number,
  byUser: boolean,
  where: string,
  hint: string,
): UserError {
  if (byUser) {
    return new UserError('interrupted', 'INTERRUPTED', `The run was interrupted.${where}`, {
      hint,
    });
  }
  if (typeof how === 'number') {
    return new UserError(
      'plugin',
      'RUN_EXITED',
      `The run's process ended (exit code ${how}) before the run was done.${where}`,
      { hint: `A plugin must not call process.exit. ${hint}` },
    );
  }
  return new UserError('run', 'RUN_KILLED', `The run was ended by the signal ${how}.${where}`, {
    hint: `The system may have run out of memory. ${hint}`,
  });
}
