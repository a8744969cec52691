/** The keys of one queue in Redis that are not BullMQ's. */
export interface QueueNames {
  /** SET of the runs that there are. */
  readonly runs: string;
  /** Channel on which runs say that there is something to look at; the message names a run that has ended, or none. */
  readonly wake: string;
  readonly run: (run: string) => RunNames;
}

/** The keys of one run; those of BullMQ, whose queue has the run's name, begin likewise. */
export interface RunNames {
  /** `RunCard` as JSON; expires when the run does not renew it. */
  readonly heart: string;
  /** The plan file, compressed by gzip. */
  readonly plan: string;
  /** STREAM of lists of `News`, from workers to the run; there while the run is. */
  readonly news: string;
  /** SET of the jobs that shall end. */
  readonly stops: string;
}

export const namesOf = (queue: string): QueueNames => ({
  runs: `${queue}:runs`,
  wake: `${queue}:wake`,
  run: (run) => ({
    heart: `${queue}:${run}:heart`,
    plan: `${queue}:${run}:plan`,
    news: `${queue}:${run}:news`,
    stops: `${queue}:${run}:stops`,
  }),
});
