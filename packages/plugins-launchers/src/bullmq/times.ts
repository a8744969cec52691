/**
 * Milliseconds. A worker that is killed is noticed by its lock: its node waits anew after 20 to 27 s. A network cut of
 * 20 s costs no lock, as a lock has at least 20 s left at any time.
 */
export const times = {
  /** A worker's hold on a job; BullMQ gives the job to others when it is not renewed. */
  lock: 24_000,
  lockRenewal: 4000,
  /** How often workers look for jobs whose lock is gone. */
  stalledCheck: 3000,

  /** How often a run renews its keys, and looks for jobs that Redis has lost. */
  beat: 2000,
  /** A run whose heart has not beaten for so long is gone. */
  heart: 30_000,
  /** For how long, besides, a worker must have seen it missing. */
  grace: 10_000,
  /** After which what a run that is gone has left in Redis expires. */
  leftover: 600_000,

  /** How often a worker tells a run that it is there, and what it works on. */
  here: 4000,
  /** A worker that was not heard of for so long does not count any more. */
  silence: 24_000,
  /** How long no worker, or none that does not refuse, is borne with before it is said. */
  patience: 5000,

  /** How often a worker looks for work when nobody wakes it. */
  idle: 1000,
  /** What a stage tells is sent no more often. */
  batch: 100,
  /** From the wish that a job ends to giving up on a worker of which nothing is heard: `here`, and a moment. */
  answer: 5000,
  /** The same where it is heard of: to giving up on an outcome. */
  ending: 15_000,
  /** For the last words to Redis. */
  closing: 3000,
} as const;
