import { existsSync, readdirSync, readFileSync, truncateSync } from 'node:fs';
import { join } from 'node:path';

import { expect, test } from 'vitest';

import { openCache } from '../cache/open.js';
import { UserError } from '../contracts/error.js';
import type { AnyService } from '../contracts/plugin.js';
import type { RunEvent } from '../contracts/event.js';
import type { Manifest } from '../contracts/manifest.js';
import { fakePlugin, pipeline, workspace, type Workspace } from '../testing/workspace.js';

const head = `name: x\nplugins: ["${fakePlugin}"]\n`;
const failing = (how: string) => `${head}stages:
  data: { use: fake-images }
  metric: { use: fake-failure, inputs: { images: data }, options: { how: ${how} } }
`;

function lastManifest(runs: string): Manifest {
  const last = readdirSync(runs).sort().at(-1)!;
  return JSON.parse(readFileSync(join(runs, last, 'manifest.json'), 'utf8')) as Manifest;
}

test("a stage's exception names stage, plugin and job and keeps its cause", async () => {
  const at = workspace({ 'x.yaml': failing('throw') });
  const error = await at.run('x.yaml').catch((thrown: unknown) => thrown);
  expect(error).toMatchObject({
    code: 'STAGE_FAILED',
    errorClass: 'plugin',
    message: `Stage "metric" (fake-failure of ${fakePlugin}) in job "x" failed: the fake failure`,
    place: { line: 5 },
    cause: { message: 'the fake failure' },
  });
  expect(lastManifest(at.file('runs'))).toMatchObject({
    status: 'failed',
    error: { code: 'STAGE_FAILED' },
    stages: [{ stage: 'data' }],
  });
});

test.each([
  ['extra', 'has the field "images", which the type scalars does not have'],
  ['type', 'should be of type scalars, but is series'],
])('an output that breaks the contract (%s) is refused and not stored', async (how, message) => {
  const at = workspace({ 'x.yaml': failing(how) });
  await expect(at.run('x.yaml')).rejects.toMatchObject({
    code: 'BAD_ARTEFACT',
    message: expect.stringContaining(message) as string,
  });
  await expect(at.run('x.yaml')).rejects.toMatchObject({ code: 'BAD_ARTEFACT' });
});

test('a damaged cache entry stops the run, and nothing is written over', async () => {
  const at = workspace({ 'x.yaml': pipeline });
  await at.run('x.yaml');
  const objects = readdirSync(at.file('cache/objects'), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name));
  for (const object of objects) truncateSync(object, 20);
  await expect(at.run('x.yaml')).rejects.toMatchObject({ code: 'CACHE_CORRUPT' });
  for (const object of objects) expect(readFileSync(object)).toHaveLength(20);
});

test('a reporter that fails does not keep the others from reporting', async () => {
  const at = workspace({
    'x.yaml': `${head}stages: { data: { use: fake-images } }
reporters:
  - { use: fake-reporter, options: { fail: true } }
  - { use: fake-reporter, options: { path: ../outside.txt } }
  - { use: fake-reporter, options: { path: deep/report.txt } }
`,
  });
  await expect(at.run('x.yaml')).rejects.toMatchObject({
    errors: [{ code: 'REPORTER_FAILED' }, { code: 'BAD_REPORT_PATH' }],
  });
  const [run] = readdirSync(at.file('runs'));
  expect(readdirSync(join(at.file('runs'), run!))).toContain('deep');
  expect(readdirSync(at.file('runs'))).toHaveLength(1);
});

const inSteps = pipeline.replace(
  'teacher: ann } }',
  'teacher: ann }, options: { steps: 5, milliseconds: 20, log: steps.log } }',
);

/** A run of `inSteps` that was interrupted after the third step of its training. */
async function interruptedRun(): Promise<Workspace> {
  const at = workspace();
  at.write('x.yaml', inSteps.replace('steps.log', at.file('steps.log')));
  const controller = new AbortController();
  const onEvent = (event: RunEvent) => {
    if (event.type === 'stage-progress' && event.done === 3) controller.abort();
  };
  await expect(
    at.run('x.yaml', { signal: controller.signal, observers: [onEvent] }),
  ).rejects.toMatchObject({
    code: 'INTERRUPTED',
    errorClass: 'interrupted',
  });
  expect(lastManifest(at.file('runs')).status).toBe('interrupted');
  return at;
}

const stepsOf = (at: Workspace) => at.read('steps.log').replace(/\D/g, '');

test('an interrupted run says so and goes on from its checkpoint', async () => {
  const at = await interruptedRun();
  const second = await at.run('x.yaml');
  expect(second.manifest.status).toBe('finished');
  expect(stepsOf(at)).toBe('01234');
  const whole = workspace();
  whole.write('x.yaml', inSteps.replace('steps.log', whole.file('steps.log')));
  const outputs = (await whole.run('x.yaml')).manifest.stages.at(-1)!.outputs;
  expect(second.manifest.stages.at(-1)!.outputs).toEqual(outputs);
});

test('without the cache the checkpoint of an interrupted run does not count', async () => {
  const at = await interruptedRun();
  const { computed, cached } = await at.run('x.yaml', { useCache: false });
  expect([computed, cached]).toEqual([9, 0]);
  expect(stepsOf(at)).toBe('01201234');
});

test('a stage that does not notice an abort is left behind', async () => {
  const at = workspace({
    'x.yaml': pipeline.replace(
      'teacher: ann } }',
      'teacher: ann }, options: { deaf: true, milliseconds: 600000 } }',
    ),
  });
  const controller = new AbortController();
  const onEvent = (event: RunEvent) => {
    if (event.type === 'stage-progress') controller.abort();
  };
  await expect(
    at.run('x.yaml', { signal: controller.signal, observers: [onEvent] }),
  ).rejects.toMatchObject({
    code: 'INTERRUPTED',
  });
});

test('a service is created when a stage first needs it, once a run, and closed at its end', async () => {
  const at = workspace({
    'x.yaml': `${head}stages:
  data: { use: fake-images }
  one: { use: fake-service, inputs: { images: data } }
  two: { use: fake-service, inputs: { images: data } }
`,
  });
  const events: string[] = [];
  const counter: AnyService = {
    token: { name: 'counter', description: 'counts' },
    identity: () => Promise.resolve('v1'),
    create: () => {
      events.push('create');
      return Promise.resolve({ made: 1 });
    },
    close: () => {
      events.push('close');
      return Promise.resolve();
    },
  };
  const first = await at.run('x.yaml', {}, [counter]);
  expect(events).toEqual(['create', 'close']);
  expect(first.manifest.services).toEqual({ counter: 'v1' });
  expect((await at.run('x.yaml', {}, [counter])).cached).toBe(3);
  expect(events).toEqual(['create', 'close']);
  await at.run('x.yaml', { useCache: false }, [counter]);
  expect(events).toEqual(['create', 'close', 'create', 'close']);
  const newer = { ...counter, identity: () => Promise.resolve('v2') };
  expect((await at.run('x.yaml', {}, [newer])).computed).toBe(2);
});

const needsCounter = `${head}stages:
  data: { use: fake-images }
  one: { use: fake-service, inputs: { images: data } }
`;
const counterThat = (parts: Partial<AnyService>): AnyService => ({
  token: { name: 'counter', description: 'counts' },
  identity: () => Promise.resolve('v1'),
  create: () => Promise.resolve({ made: 1 }),
  ...parts,
});

test("a service that does not start ends the run with the service's own error", async () => {
  const at = workspace({ 'x.yaml': needsCounter });
  const broken = counterThat({
    create: () => Promise.reject(new UserError('environment', 'NO_COUNTER', 'No counter.')),
  });
  await expect(at.run('x.yaml', {}, [broken])).rejects.toMatchObject({
    code: 'NO_COUNTER',
    errorClass: 'environment',
    message: expect.stringContaining('No counter.') as string,
  });
  expect(lastManifest(at.file('runs'))).toMatchObject({
    status: 'failed',
    error: { code: 'NO_COUNTER' },
  });
});

test("an error about an option shows the option's value", async () => {
  const at = workspace({
    'x.yaml': needsCounter.replace('images: data }', 'images: data }, options: { log: "" }'),
  });
  const refusing = counterThat({
    create: () =>
      Promise.resolve({
        get made() {
          throw new UserError('data', 'NO_LOG', 'No log.', { option: 'log' });
        },
      }),
  });
  const error = (await at.run('x.yaml', {}, [refusing]).catch((e: unknown) => e)) as UserError;
  const { line, column, excerpt, length } = error.place!;
  expect([line, excerpt!.slice(column! - 1, column! - 1 + length!)]).toEqual([5, '""']);
  expect(error.code).toBe('NO_LOG');
  expect(error.hint).toBeUndefined();
});

test('what a service says of the environment ends a run before it begins', async () => {
  const at = workspace({ 'x.yaml': needsCounter });
  const refusing = counterThat({
    check: () => {
      throw new UserError('configuration', 'COUNTER_NAME', 'No such counter.');
    },
  });
  await expect(at.run('x.yaml', {}, [refusing])).rejects.toMatchObject({ code: 'COUNTER_NAME' });
  expect(existsSync(at.file('runs'))).toBe(false);
  at.write('y.yaml', `${head}stages: { data: { use: fake-images } }\n`);
  await expect(at.run('y.yaml', {}, [refusing])).resolves.toMatchObject({ computed: 1 });
});

test('a service that cannot be closed does not hide the error of the run', async () => {
  const at = workspace({
    'x.yaml': `${needsCounter}  metric: { use: fake-failure, inputs: { images: data } }\n`,
  });
  const stuck = counterThat({ close: () => Promise.reject(new Error('cannot be closed')) });
  await expect(at.run('x.yaml', {}, [stuck])).rejects.toMatchObject({ code: 'STAGE_FAILED' });
  at.write('x.yaml', needsCounter);
  const run = at.run('x.yaml', { useCache: false }, [stuck]);
  await expect(run).rejects.toThrow('cannot be closed');
});

test.each([
  ['cache', 'x.yaml/cache'],
  ['out', 'x.yaml'],
  ['out', 'x.yaml/runs'],
])('a folder that cannot be one is a clear error: %s %s', async (name, folder) => {
  const text = `${head}stages: { data: { use: fake-images } }\n`;
  const at = workspace({ 'x.yaml': text });
  const path = at.file(folder);
  const request = name === 'cache' ? { cache: openCache(path) } : { outputDirectory: path };
  await expect(at.run('x.yaml', request)).rejects.toMatchObject({
    code: 'NOT_WRITABLE',
    errorClass: 'environment',
    message: expect.stringContaining('a file stands where a folder is needed') as string,
  });
  expect(at.read('x.yaml')).toBe(text);
});
