/**
 * A thread that ends its process when the process that started it is gone, however busy the process is. Plain
 * JavaScript, since a thread loads it from the sources as they are.
 */
import { workerData } from 'node:worker_threads';

/** @type {{ parent: number, interval: number, wards: Int32Array }} */
const { parent, interval, wards } = workerData;

setInterval(() => {
  if (process.ppid === parent && isThere(parent)) return;
  for (const pid of wards) {
    try {
      if (pid > 0) process.kill(pid, 'SIGKILL');
    } catch {
      // It is gone.
    }
  }
  process.kill(process.pid, 'SIGKILL');
}, interval);

/** @param {number} pid */
function isThere(pid) {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    // It may be there and another user's.
    return /** @type {NodeJS.ErrnoException} */ (error).code !== 'ESRCH';
  }
}
