import { UserError } from '../contracts/error.js';
import type { ErrorData } from '../contracts/work.js';

/** Causes of causes are followed no further; a cycle ends here, too. */
const deepest = 4;

/** An error as plain data; anything may have been thrown. */
export function errorData(thrown: unknown, depth = 0): ErrorData {
  if (!(thrown instanceof Error)) {
    return { errorClass: null, code: 'THROWN', message: textOf(thrown) };
  }
  const known = thrown instanceof UserError ? thrown : undefined;
  const read = <T>(what: () => T): T | undefined => {
    try {
      return what();
    } catch {
      return undefined;
    }
  };
  const cause = read(() => thrown.cause);
  const stack = read(() => thrown.stack);
  return {
    errorClass: known?.errorClass ?? null,
    code: known?.code ?? read(() => (thrown as NodeJS.ErrnoException).code)?.toString() ?? 'ERROR',
    message: textOf(read(() => thrown.message)),
    ...(known?.hint === undefined ? {} : { hint: known.hint }),
    ...(known?.place === undefined ? {} : { place: known.place }),
    ...(known?.option === undefined ? {} : { option: known.option }),
    ...(typeof stack === 'string' ? { stack } : {}),
    ...(cause === undefined || depth >= deepest ? {} : { cause: errorData(cause, depth + 1) }),
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

function textOf(value: unknown): string {
  try {
    return String(value);
  } catch {
    return 'a value without a text';
  }
}
