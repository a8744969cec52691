import { AsyncLocalStorage } from 'node:async_hooks';

import { UserError, type Place } from '../contracts/error.js';
import { safeError } from './thrown.js';

/** Whose code is at work: how an error names it, and where the experiment file does. */
export interface Owner {
  /** `Stage "attack" (reconvert of @privatesnn/plugins-attackers) in job "DC"`. */
  readonly name: string;
  readonly place?: Place | undefined;
}

interface Guard {
  readonly owner: Owner | undefined;
  readonly reject: (error: unknown) => void;
}

const current = new AsyncLocalStorage<Guard>();
/** Those at work, outermost first. */
const active = new Set<Guard>();

/** An error of code that had ended already, or that nobody can be named for. It says whose it is itself. */
export class StrayError extends UserError {}

/**
 * Runs code that is not the program's. An error that it throws outside of its own promise (in a timer, a worker, a
 * promise that nobody waits for) rejects the result, as if it had thrown it itself; one that comes when it has ended
 * rejects whatever is at work, by a StrayError with its name. Only in a process that watches for such errors.
 *
 * @param owner left out for the program's own work, in which such an error shall end
 */
export async function guarded<T>(
  owner: Owner | undefined,
  work: () => T | Promise<T>,
): Promise<Awaited<T>> {
  let guard: Guard | undefined;
  const stray = new Promise<never>((_, reject) => {
    guard = { owner, reject };
  });
  active.add(guard!);
  try {
    const done = owner ? current.run(guard!, async () => work()) : (async () => work())();
    return await Promise.race([done, stray]);
  } finally {
    active.delete(guard!);
  }
}

/**
 * Takes the errors that nobody catches, which would end the process with a bare stack, to the code that they are of.
 *
 * @param onUnclaimed gets those that come while nothing guarded is at work
 */
export function watchStrayErrors(onUnclaimed: (error: unknown) => void): void {
  const listen = (thrown: unknown) => deliver(thrown, onUnclaimed);
  process.on('uncaughtException', listen);
  process.on('unhandledRejection', listen);
}

function deliver(thrown: unknown, onUnclaimed: (error: unknown) => void): void {
  const guards = [...active];
  const innermost = guards.at(-1);
  const culprit = current.getStore() ?? guards.findLast(({ owner }) => owner);
  if (culprit && active.has(culprit)) return culprit.reject(thrown);
  const error = culprit?.owner ? strayError(culprit.owner, thrown) : thrown;
  if (innermost) innermost.reject(error);
  else onUnclaimed(error);
}

function strayError({ name, place }: Owner, thrown: unknown): StrayError {
  const cause = safeError(thrown);
  const message = `${name} left something running, which failed: ${cause.message}`;
  return new StrayError('plugin', 'STRAY_ERROR', message, { ...(place ? { place } : {}), cause });
}
