import { UserError } from '@privatesnn/core';

/**
 * The time-steps at which accuracy is recorded: the given ones and always T; where none is given, of ten evenly spaced
 * ones those at which something is read.
 *
 * @param asked 1-based time-steps in any order
 * @param timeSteps T ≥ 1
 * @param after the first time-steps, below T, that the read-out leaves out
 * @returns ascending, without duplicates, all after `after`, the last one is T
 * @throws UserError RECORD_AT where a time-step lies beyond T, or among those that are left out
 */
export function timePoints(asked: readonly number[], timeSteps: number, after: number): number[] {
  const beyond = asked.find((t) => t > timeSteps);
  if (beyond !== undefined) {
    throw new UserError(
      'configuration',
      'RECORD_AT',
      `recordAt holds time-step ${beyond}, but the simulation ends after ${timeSteps} time-steps.`,
      { hint: 'Raise timeSteps, or leave the later points out of recordAt.' },
    );
  }
  const unread = asked.find((t) => t <= after);
  if (unread !== undefined) {
    throw new UserError(
      'configuration',
      'RECORD_AT',
      `recordAt holds time-step ${unread}, but the network's read-out leaves out the first ${after}, so that there is nothing to read yet.`,
      { hint: `Record from time-step ${after + 1} on, or convert with a smaller readoutAfter.` },
    );
  }
  const points =
    asked.length > 0
      ? asked
      : Array.from({ length: 10 }, (_, i) => Math.ceil(((i + 1) * timeSteps) / 10)).filter(
          (t) => t > after,
        );
  return [...new Set([...points, timeSteps])].sort((a, b) => a - b);
}
