import type { NodeFailureStatus, NodeOutcome } from '../contracts/work.js';
import { errorData } from '../errors/error-data.js';

/** The outcome of a node whose process has printed nothing of it. */
export function failedNode(status: NodeFailureStatus, error: unknown): NodeOutcome {
  return { status: 'failed', failure: { status, error: errorData(error), lastLines: [] } };
}
