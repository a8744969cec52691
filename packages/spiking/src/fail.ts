import { UserError, type ErrorClass } from '@privatesnn/core';

/** Refuses a request: what was expected and what came; the hint says what to do. @throws UserError */
export function fail(errorClass: ErrorClass, code: string, message: string, hint: string): never {
  throw new UserError(errorClass, code, message, { hint });
}
