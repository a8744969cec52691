import { UserError } from '@privatesnn/core';

/**
 * The time-steps at which accuracy is recorded: the given ones and always T; ten evenly spaced ones where none
 * is given.
 *
 * @param asked 1-based time-steps in any order
 * @param timeSteps T ≥ 1
 * @returns ascending, without duplicates, the last one is T
 * @throws UserError RECORD_AT where a time-step lies beyond T
 */
export function timePoints(asked: readonly number[], timeSteps: number): number[] {
  const beyond = asked.find((t) => t > timeSteps);
  if (beyond !== undefined) {
    throw new UserError(
      'configuration',
      'RECORD_AT',
      `recordAt holds time-step ${beyond}, but the simulation ends after ${timeSteps} time-steps.`,
      { hint: 'Raise timeSteps, or leave the later points out of recordAt.' },
    );
  }
  const points =
    asked.length > 0
      ? asked
      : Array.from({ length: 10 }, (_, i) => Math.ceil(((i + 1) * timeSteps) / 10));
  return [...new Set([...points, timeSteps])].sort((a, b) => a - b);
}
