import { Worker } from 'node:worker_threads';

import { wards } from './wards.js';

const checkMilliseconds = 500;

/**
 * Ends this process, and those of `addWard`, soon after its parent is gone.
 *
 * @param parent the parent's process id, as the parent itself gave it: it may be gone already
 */
export function endWithParent(parent: number): void {
  const worker = new Worker(new URL('./parent-watch.js', import.meta.url), {
    workerData: { parent, interval: checkMilliseconds, wards },
    stdout: false,
    stderr: false,
  });
  worker.unref();
}
