/**
 * What a thread of `leaseKeeper` does. Plain JavaScript, since a thread loads it from the sources as they are.
 */
import { parentPort, workerData } from 'node:worker_threads';

/**
 * Renews leases at the interval that `workerData` has. Messages to the thread: `{ keep, lease }` and `{ drop }`; from
 * it: `{ lost }`, each with the number of the lease.
 *
 * @template L
 * @param {(lease: L, beat: number) => boolean | Promise<boolean>} renew writes the lease anew; false where it is
 *   another's now. Where it throws, the next beat tries again, and a lease that is lost meanwhile shows then.
 */
export function keepLeases(renew) {
  /** @type {Map<number, { lease: L, beat: number, busy: boolean }>} */
  const kept = new Map();

  parentPort?.on('message', (message) => {
    if (message.drop !== undefined) kept.delete(message.drop);
    else kept.set(message.keep, { lease: message.lease, beat: 0, busy: false });
  });

  setInterval(() => {
    for (const [id, one] of kept) {
      if (one.busy) continue;
      one.busy = true;
      one.beat++;
      void beat(id, one).finally(() => (one.busy = false));
    }
  }, workerData.interval);

  /**
   * @param {number} id
   * @param {{ lease: L, beat: number }} one
   */
  async function beat(id, one) {
    try {
      if ((await renew(one.lease, one.beat)) || !kept.delete(id)) return;
      parentPort?.postMessage({ lost: id });
    } catch {
      // It cannot be reached now.
    }
  }
}
