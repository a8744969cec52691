/** A worker of the dense kernels' pool: sleeps until there is a job, and takes shares of it. */
import { workerData } from 'node:worker_threads';

import { control, takeShares } from './job.js';
import { loadDense } from './kernels.js';

/** @type {{ setup: import('./kernels.js').DenseSetup, state: Int32Array, stack: number, places: { common: number, own: number, thread: number } }} */
const { setup, state, stack, places } = workerData;
const { run } = loadDense(setup, stack);

for (let seen = 0; ;) {
  Atomics.wait(state, control.wake, seen);
  seen = Atomics.load(state, control.wake);
  takeShares(state, setup.memory.buffer, places, run);
}
