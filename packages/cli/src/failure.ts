import { exitCode, formatError, safeError, UserError } from '@privatesnn/core';

import { say, terminalOf } from './terminal.js';

/** Shows an error on standard error and returns the exit code that belongs to it. */
export function showFailure(error: unknown): number {
  // A fault of the environment is told as one, wherever it was met.
  const safe = error instanceof UserError ? error : safeError(error);
  say(process.stderr, `${formatError(safe, terminalOf(process.stderr))}\n`);
  return exitCode(safe);
}
