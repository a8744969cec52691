import { types } from 'node:util';

import { UserError, type ErrorClass } from '../contracts/error.js';

/** The exit code of the command by error class; 1 is left to defects of the program. */
export const exitCodes: Readonly<Record<ErrorClass, number>> = {
  configuration: 2,
  data: 3,
  plugin: 4,
  environment: 5,
  run: 6,
  interrupted: 130,
};

export function exitCode(error: unknown): number {
  // A Proxy may throw when it is asked what it is.
  if (types.isProxy(error) || !(error instanceof UserError)) return 1;
  // A plugin may have made up a class of its own: its fault, and never 0.
  return Object.hasOwn(exitCodes, error.errorClass)
    ? exitCodes[error.errorClass]
    : exitCodes.plugin;
}
