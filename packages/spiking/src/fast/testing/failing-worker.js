/**
 * The engine's worker, failing once: at the task that its first argument names, in the way that the second says,
 * unless there is the file that the third names, which it makes.
 */
import { existsSync, writeFileSync } from 'node:fs';
import { parentPort } from 'node:worker_threads';

const [at = '', how = '', once = ''] = process.argv.slice(2);
const port = /** @type {import('node:worker_threads').MessagePort} */ (parentPort);

/** @type {Record<string, () => void>} */
const failures = {
  exit: () => process.exit(7),
  throw: () => {
    throw new Error('out of luck');
  },
  close: () => port.close(),
  'out of memory': () => {
    const kept = [];
    for (;;) kept.push(new Array(1e5).fill(0).map((_, i) => ({ i })));
  },
};

const on = port.on.bind(port);
port.on = (/** @type {string} */ event, /** @type {(message: any) => void} */ listener) =>
  on(event, (message) => {
    if (event === 'message' && message.task === at && !existsSync(once)) {
      writeFileSync(once, '');
      failures[how]?.();
    }
    listener(message);
  });
await import('../worker.js');
