/**
 * A thread that renews the leases of its process, however busy the process is. Messages to it: `{ keep, folder, key,
 * generation, text }` and `{ drop }`; from it: `{ lost }`, each with the number of the lease.
 */
import { parentPort, workerData } from 'node:worker_threads';

import { generations, leaseFile, renewLease } from './lease-files.js';

/** @typedef {{ folder: string, key: string, generation: number, text: string, beat: number }} Kept */

/** @type {Map<number, Kept>} */
const kept = new Map();

parentPort?.on('message', (message) => {
  if (message.drop !== undefined) kept.delete(message.drop);
  else kept.set(message.keep, { ...message, beat: 0 });
});

setInterval(() => {
  for (const [id, lease] of kept) {
    const { folder, key, generation, text } = lease;
    lease.beat++;
    let held = true;
    try {
      held = renewLease(leaseFile(folder, key, generation), `${text} ${lease.beat}`);
      if (held) held = generations(folder, key).every((other) => other <= generation);
    } catch {
      // The folder cannot be reached now; the next beat tries again, and a lease that is lost meanwhile shows then.
    }
    if (held) continue;
    kept.delete(id);
    parentPort?.postMessage({ lost: id });
  }
}, workerData.interval);
