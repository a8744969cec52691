import type { ErrorData } from '../contracts/work.js';
import { errorData } from '../errors/error-data.js';
import { isolationDenied } from '../errors/templates/isolation.js';

const codes = new Set(['ERR_ACCESS_DENIED', 'ERR_DLOPEN_DISABLED']);

/** An error as data; one of the permission model says what was tried, however deep it lies. */
export function denied(plugin: string, thrown: unknown): ErrorData {
  const found = deniedIn(thrown, 4);
  if (!found) return errorData(thrown);
  const { permission, resource, code } = found;
  const what = typeof permission === 'string' ? permission : code;
  return errorData(
    isolationDenied(plugin, what, typeof resource === 'string' ? resource : '', found),
  );
}

interface Denied extends Error {
  readonly code: string;
  readonly permission?: unknown;
  readonly resource?: unknown;
}

function deniedIn(thrown: unknown, deepest: number): Denied | undefined {
  try {
    if (!(thrown instanceof Error)) return undefined;
    if (codes.has(String((thrown as Denied).code))) return thrown as Denied;
    return deepest > 0 ? deniedIn(thrown.cause, deepest - 1) : undefined;
  } catch {
    // A getter that throws.
    return undefined;
  }
}
