/** Milliseconds. */
export const times = {
  /** From the first stage to the first array: others may come with it. */
  gather: 300,
  /** How often Slurm is asked what has become of its tasks. */
  look: 5000,
  /** How long a few missing workers are borne with, so that arrays stay few. */
  few: 30_000,
  /** How long an answer may take until it is said. */
  slow: 8000,
  /** From a question that was not answered to the next. */
  again: 2000,
  /** How long a task may wait until it is said why. */
  patience: 20_000,
  /** For the last words to Slurm. */
  closing: 8000,
} as const;
