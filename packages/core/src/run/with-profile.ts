import type { NodeEvent } from '../contracts/event.js';
import type { ProfileRows } from './profile-rows.js';

/** Does a node's work, and tells where its time went, however it ends. */
export async function withProfile<T>(
  node: string,
  rows: ProfileRows,
  emit: (event: NodeEvent) => void,
  work: () => Promise<T>,
): Promise<T> {
  // What another node has left behind.
  rows.take();
  const clock = performance.now();
  try {
    return await work();
  } finally {
    const seconds = (performance.now() - clock) / 1000;
    emit({ type: 'profile', node, seconds, rows: rows.take() });
  }
}
