/** Milliseconds. When a worker elsewhere counts as gone is core's rule: its lease has not changed for a minute. */
export const times = {
  /** How often a run looks at what workers have written. */
  look: 200,
  /** How often a worker looks for work, and for what shall end. */
  idle: 300,
  /** What a stage tells is written no more often. */
  batch: 100,
  /** From a failed write or look to the next. */
  again: 1000,
  /** How long no worker, or none that does not refuse, is borne with before it is said. */
  patience: 5000,
  /** From the wish that a job ends to giving up on an answer. */
  ending: 15_000,
} as const;
