/** A stream of random numbers: same root seed, same name, same numbers, whatever else the run contains. */
export interface RandomStream {
  /** The next 32 random bits, as an integer in [0, 2³²). */
  uint32(): number;
  /** Uniform in [0, 1), 53 random bits. */
  uniform(): number;
  /** Uniform integer in [0, bound), bound ≥ 1. */
  integer(bound: number): number;
  /** Standard normal. */
  normal(): number;
  /** A stream of its own, named beneath this one; drawing from it does not advance this one. */
  fork(name: string): RandomStream;
}
