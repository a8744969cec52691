/**
 * The learning rate along a half cosine to 0.
 *
 * @param done part of the training, in [0, 1)
 */
export function cosineRate(initialRate: number, done: number): number {
  return (initialRate / 2) * (1 + Math.cos(Math.PI * done));
}

/** A step schedule: the rate is divided by `divideBy` at each of the given parts of the training. */
export interface StepSchedule {
  /** Parts of the training, in [0, 1]. */
  readonly milestones: readonly number[];
  readonly divideBy: number;
}

/** The paper's schedule: ÷10 at 50 % and again at 70 % of the epochs. */
const paperSchedule: StepSchedule = { milestones: [0.5, 0.7], divideBy: 10 };

/**
 * The learning rate of one epoch.
 *
 * @param epoch from 0
 */
export function learningRateAt(
  initialRate: number,
  epoch: number,
  epochs: number,
  schedule: StepSchedule = paperSchedule,
): number {
  const passed = schedule.milestones.filter((part) => epoch >= part * epochs).length;
  return initialRate / schedule.divideBy ** passed;
}
