import { UserError } from '../contracts/error.js';
import type { ErrorData } from '../contracts/work.js';
import { safeError } from './thrown.js';

/** An error as plain data; anything may have been thrown. */
export function errorData(thrown: unknown): ErrorData {
  return dataOf(safeError(thrown));
}

function dataOf(error: Error): ErrorData {
  const { message, stack, cause } = error;
  const known = error instanceof UserError ? error : undefined;
  return {
    errorClass: known?.errorClass ?? null,
    code: known?.code ?? 'ERROR',
    message,
    ...(known?.hint === undefined ? {} : { hint: known.hint }),
    ...(known?.place === undefined ? {} : { place: known.place }),
    ...(known?.option === undefined ? {} : { option: known.option }),
    ...(stack === undefined ? {} : { stack }),
    ...(cause instanceof Error ? { cause: dataOf(cause) } : {}),
  };
}

/** The error that the data stand for. */
export function errorFrom(data: ErrorData): Error {
  const { errorClass, code, message, hint, place, option, stack } = data;
  const cause = data.cause && errorFrom(data.cause);
  const error =
    errorClass === null
      ? new Error(message, cause && { cause })
      : new UserError(errorClass, code, message, {
          ...(hint === undefined ? {} : { hint }),
          ...(place === undefined ? {} : { place }),
          ...(option === undefined ? {} : { option }),
          ...(cause === undefined ? {} : { cause }),
        });
  if (stack !== undefined) error.stack = stack;
  return error;
}
