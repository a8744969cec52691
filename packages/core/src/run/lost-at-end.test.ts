import { expect, test } from 'vitest';

import { UserError } from '../contracts/error.js';
import { pipeline, workspace } from '../testing/workspace.js';
import { failedNode } from './failed-node.js';
import type { OpenLauncher } from './launchers/open.js';

test('a worker that goes while a run is interrupted fails no stage', async () => {
  const at = workspace({ 'x.yaml': pipeline });
  const interrupt = new AbortController();
  const gone = failedNode('lost', new UserError('run', 'WORKER_LOST', 'its worker is gone.'));
  const open: OpenLauncher = () => ({
    slots: 2,
    threads: 1,
    memory: Infinity,
    launch: (_job, _emit, signal) =>
      new Promise((resolve) => {
        signal.addEventListener('abort', () => resolve(gone), { once: true });
        setImmediate(() => interrupt.abort());
      }),
    cancel: () => Promise.resolve(),
    close: () => Promise.resolve(),
  });
  const told: string[] = [];
  const run = at.run('x.yaml', {
    launcher: open,
    signal: interrupt.signal,
    observers: [({ type }) => told.push(type)],
  });
  await expect(run).rejects.toMatchObject({ errorClass: 'interrupted' });
  expect(told).toContain('run-finished');
  expect(told).not.toContain('stage-failed');
});
