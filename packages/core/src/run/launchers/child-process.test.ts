import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

import { expect, test } from 'vitest';

import type { RunEvent } from '../../contracts/event.js';
import type { UserErrorList } from '../../errors/error-list.js';
import { fakePlugin, pipeline, workspace } from '../../testing/workspace.js';
import { childProcesses } from './child-process.js';

const testing = resolve(import.meta.dirname, '../../testing');

/** Children that run the sources. */
const children = (slots: number, patience = 600_000) =>
  childProcesses({
    slots,
    patience,
    command: ({ cache }) => [
      process.execPath,
      '--max-old-space-size=100',
      '--import',
      join(testing, 'typescript-loader.js'),
      join(testing, 'node-child.ts'),
      cache,
    ],
  });

const grid = (ways: readonly string[]) => `name: grid
plugins: ["${fakePlugin}"]
matrix:
  name: "\${how}"
  product: { how: [${ways.join(', ')}] }
stages:
  data: { use: fake-images }
  metric: { use: fake-failure, inputs: { images: data }, options: { how: "\${how}" } }
`;

test('two children give what one process gives', async () => {
  const [one, two] = [workspace({ 'x.yaml': pipeline }), workspace({ 'x.yaml': pipeline })];
  const here = await one.run('x.yaml');
  const there = await two.run('x.yaml', { launcher: children(2) });
  expect(there.computed).toBe(9);
  expect(there.manifest.stages.map(({ key, outputs }) => [key, outputs])).toEqual(
    here.manifest.stages.map(({ key, outputs }) => [key, outputs]),
  );
  const again = await two.run('x.yaml', { launcher: children(2) });
  expect(again.cached).toBe(9);
});

test('however a child ends, it fails one job, says how, and the others go on', async () => {
  const ways = 'throw exit0 exit3 abort kill heap late nothing fine'.split(' ');
  const at = workspace({ 'x.yaml': grid(ways) });
  const events: RunEvent[] = [];
  const error = (await at
    .run('x.yaml', { launcher: children(2), observers: [(event) => events.push(event)] })
    .catch((thrown: unknown) => thrown)) as UserErrorList;
  const failed = new Map(
    events.flatMap((event) =>
      event.type === 'stage-failed' ? [[event.jobs[0], [event.status, event.lastLines]]] : [],
    ),
  );
  const lines = (how: string) => [`about to ${how}`];
  expect(failed.get('throw')).toEqual(['failed', lines('throw')]);
  expect(failed.get('exit0')).toEqual(['exited', lines('exit0')]);
  expect(failed.get('exit3')).toEqual(['exited', lines('exit3')]);
  expect(failed.get('abort')![0]).toBe('crashed');
  expect(failed.get('kill')).toEqual(['crashed', lines('kill')]);
  expect(failed.get('heap')![0]).toBe('out-of-memory');
  expect(failed.get('late')).toEqual(['failed', lines('late')]);
  expect(failed.get('nothing')).toEqual(['failed', lines('nothing')]);
  expect(failed.size).toBe(8);
  expect(error.errors).toHaveLength(8);
  const finished = events.filter((event) => event.type === 'job-finished');
  expect(finished).toMatchObject([{ job: 'fine' }]);
});

test('a child that does not answer is ended', async () => {
  const at = workspace({ 'x.yaml': grid(['loop']) });
  await expect(at.run('x.yaml', { launcher: children(1, 8000) })).rejects.toMatchObject({
    code: 'STAGE_SILENT',
  });
});

test('what failed is tried again as often as asked for', async () => {
  const at = workspace();
  const marker = at.file('marker');
  at.write('x.yaml', grid(['once']).replace('how: "', `file: ${marker}, how: "`));
  const events: string[] = [];
  const { computed } = await at.run('x.yaml', {
    launcher: children(1),
    retry: 1,
    observers: [({ type }) => events.push(type)],
  });
  expect(computed).toBe(2);
  expect(events.filter((type) => type === 'stage-retried')).toHaveLength(1);
});

test('after the first failure nothing more starts where that is asked for', async () => {
  const at = workspace({ 'x.yaml': grid(['throw', 'fine']) });
  const run = at.run('x.yaml', { launcher: children(1), failFast: true });
  await expect(run).rejects.toMatchObject({ code: 'STAGE_FAILED' });
  at.write('y.yaml', grid(['fine']));
  expect((await at.run('y.yaml')).computed).toBe(1);
});

test('an interrupted stage ends after its next checkpoint', async () => {
  const at = workspace();
  const log = at.file('steps.log');
  at.write(
    'x.yaml',
    pipeline.replace(
      'teacher: ann } }',
      `teacher: ann }, options: { steps: 8, milliseconds: 150, log: ${log} } }`,
    ),
  );
  const controller = new AbortController();
  const observe = (event: RunEvent) => {
    if (event.type === 'stage-progress' && event.done === 3) controller.abort();
  };
  const run = at.run('x.yaml', {
    launcher: children(2),
    signal: controller.signal,
    observers: [observe],
  });
  await expect(run).rejects.toMatchObject({ code: 'INTERRUPTED' });
  await at.run('x.yaml', { launcher: children(2) });
  const steps = readFileSync(log, 'utf8').match(/step \d/g)!;
  expect(steps).toHaveLength(8);
  expect(new Set(steps).size).toBe(8);
});

test('a child in a busy loop ends soon after its parent was killed', async () => {
  const at = workspace({ 'x.yaml': grid(['pid']) });
  const pid = at.file('pid');
  at.write('x.yaml', grid(['loop']).replace('how: "', `file: ${pid}, how: "`));
  const { spawn } = await import('node:child_process');
  const parent = spawn(
    process.execPath,
    [
      '--import',
      join(testing, 'typescript-loader.js'),
      join(testing, 'run-child.ts'),
      at.file('x.yaml'),
      at.folder,
      'children',
    ],
    { stdio: 'ignore' },
  );
  while (!existsSync(pid) || readFileSync(pid, 'utf8') === '') await sleep(20);
  const child = Number(readFileSync(pid, 'utf8'));
  parent.kill('SIGKILL');
  const isThere = () => {
    try {
      // A zombie is not reaped where process 1 reaps nothing.
      return !/^State:\s+Z/m.test(readFileSync(`/proc/${child}/status`, 'utf8'));
    } catch {
      return false;
    }
  };
  while (isThere()) await sleep(50);
  expect(isThere()).toBe(false);
});

test('a worker whose plugin has other code is refused', async () => {
  const at = workspace();
  const stage = (value: number) => `import { z } from ${JSON.stringify(import.meta.resolve('zod'))};
export default {
  kind: 'metric', id: 'm', version: 1, summary: 'A stage.', options: z.strictObject({}), inputs: {},
  outputs: { metrics: { type: 'scalars', description: 'a number' } }, dependencies: {},
  create: () => ({ run: async () => ({ metrics: { type: 'scalars', values: { v: ${value} } } }) }),
};`;
  at.write('m.js', stage(1));
  at.write('x.yaml', 'name: x\nstages: { m: { use: ./m.js } }\n');
  const plan = await at.plan('x.yaml');
  writeFileSync(at.file('m.js'), stage(2));
  const { runExperiment } = await import('../run.js');
  const { openCache } = await import('../../cache/open.js');
  const run = runExperiment(plan, {
    cache: openCache(at.file('cache')),
    launcher: children(1),
    outputDirectory: at.file('runs'),
  });
  await expect(run).rejects.toMatchObject({ code: 'PLAN_CHANGED' });
});
