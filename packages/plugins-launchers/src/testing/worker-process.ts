/**
 * A worker of a test, as `privatesnn worker WHERE` is one: worker-process.ts WHERE SLOTS, or with the
 * command's own arguments: worker WHERE --jobs SLOTS. What it tells it prints; it
 * ends on SIGINT, and with its parent.
 */
import { join, resolve } from 'node:path';

import { endWithParent, openCache, openPlanFile, openWorker } from '@privatesnn/core';

import launchers from '../index.js';

const argv = process.argv.slice(2);
const [where = '', slots = '1'] = argv[0] === 'worker' ? [argv[1], argv[3]] : argv;
const testing = resolve(import.meta.dirname, '../../../core/src/testing');
const ended = new AbortController();
for (const signal of ['SIGINT', 'SIGTERM']) process.on(signal, () => ended.abort());
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
  signal: ended.signal,
});
const side = launchers.launchers!.find(({ worker: one }) => one?.accepts(where))!.worker!;
try {
  await side.serve(where, worker, ended.signal);
} catch (error) {
  console.log(`failed: ${(error as Error).message}`);
}
await worker.close();
process.exit(ended.signal.aborted ? 130 : 0);
