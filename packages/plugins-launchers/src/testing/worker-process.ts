/**
 * A worker of a test, as `privatesnn worker WHERE` is one: worker-process.ts WHERE SLOTS, or with the
 * command's own arguments: worker WHERE --jobs SLOTS --idle MINUTES. What it tells it prints; it
 * ends on SIGINT, and with its parent.
 */
import { join, resolve } from 'node:path';

import { endWithParent, openCache, openPlanFile, openWorker, whenIdle } from '@privatesnn/core';

import launchers from '../index.js';

const argv = process.argv.slice(2);
const [where = '', slots = '1', idle] = argv[0] === 'worker' ? [argv[1], argv[3], argv[5]] : argv;
const testing = resolve(import.meta.dirname, '../../../core/src/testing');
const asked = new AbortController();
const rested = new AbortController();
const ended = AbortSignal.any([asked.signal, rested.signal]);
for (const signal of ['SIGINT', 'SIGTERM']) process.on(signal, () => asked.abort());
endWithParent(process.ppid);

const worker = openWorker({
  slots: Number(slots),
  patience: 600_000,
  command: ({ cache }) => [
    process.execPath,
    ...['-C', '@privatesnn/source', '--import', join(testing, 'typescript-loader.js')],
    join(testing, 'node-child.ts'),
    cache,
  ],
  openCache,
  openWork: ({ file, digest, folder }) =>
    openPlanFile(file, { digest, folder, services: [], moduleBase: import.meta.dirname }),
  tell: (message) => console.log(message),
  signal: ended,
});
const watched =
  idle === undefined ? worker : whenIdle(worker, Number(idle) * 60_000, () => rested.abort());
const side = launchers.launchers!.find(({ worker: one }) => one?.accepts(where))!.worker!;
try {
  await side.serve(where, watched, ended);
} catch (error) {
  console.log(`failed: ${(error as Error).message}`);
}
await worker.close();
process.exit(asked.signal.aborted ? 130 : 0);
