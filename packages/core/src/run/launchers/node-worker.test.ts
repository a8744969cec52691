import { copyFileSync } from 'node:fs';
import { join, resolve } from 'node:path';

import { expect, onTestFinished, test } from 'vitest';

import type { NodeWorker } from '../../contracts/launcher.js';
import type { NodeOutcome } from '../../contracts/work.js';
import { openCache } from '../../cache/open.js';
import { fakePlugin, workspace } from '../../testing/workspace.js';
import { openPlanFile } from '../plan-file.js';
import { openWorker } from './node-worker.js';
import type { OpenLauncher } from './open.js';

const testing = resolve(import.meta.dirname, '../../testing');

function worker(signal: AbortSignal, opened: string[] = []) {
  const made = openWorker({
    slots: 1,
    patience: 600_000,
    command: ({ folder, cache }) => {
      opened.push(folder);
      const script = join(testing, 'node-child.ts');
      return [process.execPath, '--import', join(testing, 'typescript-loader.js'), script, cache];
    },
    openCache,
    openWork: ({ file, digest, folder }) =>
      openPlanFile(file, { digest, folder, services: [], moduleBase: import.meta.dirname }),
    tell: () => undefined,
    signal,
  });
  onTestFinished(() => made.close());
  return made;
}

/** A launcher that gives everything to one worker, and keeps how it ended. */
const through =
  (by: NodeWorker, outcomes: NodeOutcome[], onStart: () => void = () => undefined): OpenLauncher =>
  ({ cache }) => ({
    slots: 1,
    threads: 100,
    memory: 1,
    launch: async (job, emit, signal) => {
      const listen = (event: Parameters<typeof emit>[0]) => {
        emit(event);
        if (event.type === 'output') onStart();
      };
      const outcome = await by.work(job, cache.location, listen, signal);
      outcomes.push(outcome);
      return outcome;
    },
    cancel: () => Promise.resolve(),
    close: () => Promise.resolve(),
  });

const experiment = (how: string, seed = 0) => `name: some
seed: ${seed}
plugins: ["${fakePlugin}"]
stages:
  data: { use: fake-images }
  work: { use: fake-failure, inputs: { images: data }, options: { how: ${how} } }
`;

test('what a worker that ends has not finished counts as lost, and is launched again', async () => {
  const at = workspace({ 'x.yaml': experiment('late') });
  const ended = new AbortController();
  const outcomes: NodeOutcome[] = [];
  const launcher = through(worker(ended.signal), outcomes, () => ended.abort());
  const error: unknown = await at.run('x.yaml', { launcher }).catch((thrown: unknown) => thrown);
  expect(error).toMatchObject({ code: 'WORKER_ENDED' });
  const statuses = outcomes.map((one) => (one.status === 'failed' ? one.failure.status : 'fine'));
  expect(statuses).toEqual(['fine', 'lost', 'lost', 'lost', 'lost']);
});

test('a worker does the nodes of several runs, each in its own processes, and keeps few of them', async () => {
  const opened: string[] = [];
  const by = worker(new AbortController().signal, opened);
  for (const seed of [1, 2, 3, 4, 5, 6, 6]) {
    const at = workspace({ 'x.yaml': experiment('fine', seed) });
    const { computed } = await at.run('x.yaml', { launcher: through(by, []) });
    expect(computed).toBe(2);
  }
  expect(new Set(opened).size).toBe(7);
});

test('the plan of a copy is read for the experiment that the job names', async () => {
  const at = workspace({
    'deep/x.yaml': experiment('fine').replace(fakePlugin, './mine.mjs'),
    'deep/mine.mjs': `export { default } from ${JSON.stringify(fakePlugin)};`,
  });
  const outcomes: NodeOutcome[] = [];
  const by = worker(new AbortController().signal);
  const elsewhere: NodeWorker = {
    ...by,
    work: (job, ...rest) => {
      const file = at.write('copy/plan.bin', '');
      // A copy of the bytes, where the experiment cannot be found from.
      copyFileSync(job.plan.file, file);
      const plan = { ...job.plan, file, folder: at.file('deep') };
      return by.work({ ...job, plan }, ...rest);
    },
  };
  await at.run('deep/x.yaml', { launcher: through(elsewhere, outcomes) });
  expect(outcomes.map(({ status }) => status)).toEqual(['finished', 'finished']);
});
