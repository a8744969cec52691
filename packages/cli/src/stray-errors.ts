import { watchStrayErrors } from '@privatesnn/core';

import { showFailure } from './failure.js';

/**
 * From now on an error that no code catches, in a timer or a worker of a plugin, ends the command with a message that
 * says whose it is, and with the exit code that belongs to it.
 */
export function endOnStrayErrors(): void {
  watchStrayErrors((error) => process.exit(showFailure(error)));
}
