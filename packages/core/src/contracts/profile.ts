/** Where a part of a stage's time went, summed over calls. */
export interface ProfileRow {
  /** What was worked on: a layer by its name, or what else there is. */
  readonly part: string;
  /** What was done: "forward", "back"; empty where the part says it all. */
  readonly pass: string;
  /** Summed over the threads that worked side by side. */
  readonly seconds: number;
  /** What it took of the stage's time: `seconds` divided by those threads, also by such that had to wait. */
  readonly elapsed: number;
  readonly calls: number;
  /** Synaptic or floating-point operations, as the service counts them. */
  readonly operations?: number;
  /** What these operations read and write, as the service counts it. */
  readonly bytes?: number;
  /** What `seconds` would be at the bound that the service measures on this machine, by its bytes. */
  readonly bound?: number;
}

/** Takes from a service where its time goes. What it is told changes no result and enters no key. */
export interface Profiler {
  add(row: ProfileRow): void;
}
