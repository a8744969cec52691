import { types } from 'node:util';

import { UserError } from '../contracts/error.js';
import { kindOf, safeError } from '../errors/thrown.js';

/**
 * What a stage's `check` gave, where it is the list of UserErrors that it should be.
 *
 * @throws TypeError that says what it is instead
 */
export function mistakesOf(found: unknown): UserError[] {
  if (!Array.isArray(found)) {
    // Nobody waits for a promise: its error must not come later.
    if (types.isPromise(found)) found.catch(() => undefined);
    throw new TypeError(`it gave ${kindOf(found)}; expected a list of UserErrors`);
  }
  return found.map((one: unknown) => {
    const error = safeError(one);
    if (error instanceof UserError) return error;
    throw new TypeError(`it gave a list with "${error.message}"; expected UserErrors`);
  });
}
