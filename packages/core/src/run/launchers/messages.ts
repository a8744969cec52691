import type { NodeEvent } from '../../contracts/event.js';
import type { ErrorData, NodeJob, NodeOutcome } from '../../contracts/work.js';

/** What the launcher tells a child. */
export type ToChild =
  | { readonly type: 'run'; readonly job: NodeJob }
  /** End the stage after its next checkpoint. */
  | { readonly type: 'interrupt' }
  /** Close the services and end. */
  | { readonly type: 'end' };

/** What a child tells the launcher; that it tells anything shows that it is alive. */
export type FromChild =
  | { readonly type: 'alive' }
  /** The processes that must not outlive it. */
  | { readonly type: 'wards'; readonly pids: readonly number[] }
  | { readonly type: 'ending' }
  | { readonly type: 'event'; readonly event: NodeEvent }
  | { readonly type: 'outcome'; readonly outcome: NodeOutcome }
  /** The node failed by what the stage left behind, and the process ends. */
  | { readonly type: 'fault'; readonly error: ErrorData }
  | { readonly type: 'closed'; readonly error: ErrorData | null };
