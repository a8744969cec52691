import type { NodeEvent } from './event.js';
import type { NodeJob, NodeOutcome } from './work.js';

/** Where the work of a run is done: in this process, in others, on other machines. */
export interface Launcher {
  /** How many nodes it works on at a time. */
  readonly slots: number;
  /** How many threads there are for all of them together. */
  readonly threads: number;
  /** Bytes of memory for all of them together. */
  readonly memory: number;
  /**
   * Does one piece of work. It resolves with a failure however the work fails, and rejects only by a defect of the
   * launcher.
   *
   * @param emit gets what the node tells, while it works
   * @param signal when aborted, the work ends after its next checkpoint, soon at the latest
   */
  launch(job: NodeJob, emit: (event: NodeEvent) => void, signal: AbortSignal): Promise<NodeOutcome>;
  /** Ends at once whatever still works. */
  cancel(): Promise<void>;
  /** Called once, when nothing works any more: closes services, ends processes that wait. */
  close(): Promise<void>;
}
