import { Worker } from 'node:worker_threads';

import type { Lease } from './cache.js';
import { leaseMilliseconds } from './lease-watch.js';

const renewMilliseconds = 15_000;

/** Keeps leases that this process holds. */
export interface LeaseKeeper {
  /**
   * Has a lease renewed until it is released or lost.
   *
   * @param lease what the thread's `renew` gets
   * @param release gives it back; not called for a lease that was lost, which is another's
   */
  hold(lease: object, release: () => Promise<void>): Lease;
}

/**
 * A thread that renews the leases of its process, however busy the process is. It starts with the first lease.
 *
 * @param script a file that calls `keepLeases` (`lease-thread.js`)
 * @param data what the script reads from `workerData`, beside `interval`
 * @param lifetime milliseconds after which others take a lease for expired
 */
export function leaseKeeper(
  script: URL,
  data: object = {},
  lifetime = leaseMilliseconds,
): LeaseKeeper {
  let thread: Worker | undefined;
  let count = 0;
  const held = new Map<number, AbortController>();

  function start(): Worker {
    const interval = Math.min(renewMilliseconds, lifetime / 4);
    const worker = new Worker(script, { workerData: { ...data, interval } });
    worker.unref();
    worker.on('message', ({ lost }: { lost: number }) => held.get(lost)?.abort());
    // Without it leases expire after a while; the next one starts it anew.
    worker.on('error', () => (thread = undefined));
    return worker;
  }

  return {
    hold(lease, release) {
      const id = count++;
      const lost = new AbortController();
      held.set(id, lost);
      thread ??= start();
      thread.postMessage({ keep: id, lease });
      return {
        lost: lost.signal,
        async release() {
          held.delete(id);
          thread?.postMessage({ drop: id });
          if (!lost.signal.aborted) await release();
        },
      };
    },
  };
}
