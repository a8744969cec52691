/**
 * A worker thread of the engine. Plain JavaScript, as it runs unbuilt. Messages are `{ id, task, ... }`; each is
 * answered by `{ id, result }` or `{ id, error, isSize }`.
 */
import { parentPort, workerData } from 'node:worker_threads';

import { SizeError } from './heap.js';
import { assertSameCode } from './layout-digest.js';
import { Tasks } from './tasks.js';

assertSameCode(workerData.layouts);
const tasks = new Tasks(workerData.kind);
const port = parentPort;
if (!port) throw new Error('worker.js is the entry of a worker thread.');
port.on('message', (/** @type {{ id: number } & import('./tasks.js').Task} */ message) => {
  try {
    port.postMessage({ id: message.id, result: tasks.perform(message) });
  } catch (error) {
    port.postMessage({ id: message.id, error, isSize: error instanceof SizeError });
  }
});
// Whose answer is missing is not known: the thread ends, and with it all that it was asked for.
port.on('messageerror', (error) => {
  throw error;
});
