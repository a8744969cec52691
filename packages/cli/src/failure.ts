import { exitCode, formatError } from '@privatesnn/core';

import { terminalOf } from './terminal.js';

/** Shows an error on standard error and returns the exit code that belongs to it. */
export function showFailure(error: unknown): number {
  process.stderr.write(`${formatError(error, terminalOf(process.stderr))}\n`);
  return exitCode(error);
}
