import { availableParallelism } from 'node:os';

/** How many threads a run may use on this machine: PRIVATESNN_THREADS, else the processors that the process may use. */
export function threadsHere(): number {
  const asked = Number(process.env['PRIVATESNN_THREADS'] || availableParallelism());
  return Number.isInteger(asked) && asked > 0 ? asked : availableParallelism();
}
