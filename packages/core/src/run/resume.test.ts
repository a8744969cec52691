import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { spawn } from 'node:child_process';
import { setTimeout as sleep } from 'node:timers/promises';

import { expect, test } from 'vitest';

import { thisWriter } from '../cache/writer.js';
import { pipeline, workspace, type Workspace } from '../testing/workspace.js';
import { askToEnd } from './cancel.js';
import { readRun } from './state.js';

const slow = (log: string, steps = 6) =>
  pipeline.replace(
    'teacher: ann } }',
    `teacher: ann }, options: { steps: ${steps}, milliseconds: 100, log: ${log} } }`,
  );
const stepsIn = (log: string) =>
  existsSync(log) ? (readFileSync(log, 'utf8').match(/step \d+/g) ?? []) : [];

async function waitFor(condition: () => boolean): Promise<void> {
  while (!condition()) await sleep(10);
}

const onlyRun = (at: Workspace) => at.file(`runs/${readdirSync(at.file('runs'))[0]}`);

/** Starts a run in a process of its own and kills it in its trainer's third step. */
async function killed(at: Workspace): Promise<string> {
  const log = at.file('steps.log');
  const file = at.write('x.yaml', slow(log));
  const testing = resolve(import.meta.dirname, '../testing');
  const loader = join(testing, 'typescript-loader.js');
  const child = spawn(process.execPath, [
    '--import',
    loader,
    join(testing, 'run-child.ts'),
    file,
    at.folder,
  ]);
  await waitFor(() => stepsIn(log).length >= 3);
  expect((await readRun(onlyRun(at))).status).toBe('running');
  child.kill('SIGKILL');
  await new Promise((done) => child.on('exit', done));
  return onlyRun(at);
}

test('a run whose process was killed is dead, and is gone on with in its folder', async () => {
  const at = workspace();
  const folder = await killed(at);
  const before = await readRun(folder);
  expect(before).toMatchObject({ status: 'dead', count: 9, manifest: { status: 'running' } });
  expect(before.holder).toMatchObject({ here: true, alive: false });
  expect(before.working.map(({ ref }) => ref.stage)).toEqual(['encrypt']);
  expect([...before.ended.values()].map(({ ref }) => ref.stage)).toContain('convert');

  // What it has computed counts, also where nothing else is taken from the cache.
  const summary = await at.run('x.yaml', { resume: folder, useCache: false });
  expect(summary.folder).toBe(folder);
  expect(summary.cached).toBe(before.ended.size);
  expect(readdirSync(at.file('runs'))).toHaveLength(1);
  expect(summary.manifest.resumed).toHaveLength(1);
  expect(summary.manifest.started).toBe(before.manifest.started);
  const after = await readRun(folder);
  expect(after).toMatchObject({ status: 'finished', working: [], failures: [] });
  expect(after.jobs.map(({ status }) => status)).toEqual(['finished', 'finished']);
  expect(after.ended.size).toBe(after.count);
  expect(readdirSync(folder).filter((name) => name.startsWith('supervisor'))).toEqual([]);
});

test('two processes do not work on one run; it ends when it is asked to, with its checkpoint', async () => {
  const at = workspace();
  const log = at.file('steps.log');
  at.write('x.yaml', slow(log, 1000));
  const running = at.run('x.yaml').catch((error: unknown) => error);
  await waitFor(() => stepsIn(log).length >= 1);
  const folder = onlyRun(at);
  await expect(at.run('x.yaml', { resume: folder })).rejects.toMatchObject({ code: 'RUN_HELD' });
  await askToEnd(folder, 'soon');
  expect(await running).toMatchObject({ code: 'INTERRUPTED' });
  expect((await readRun(folder)).status).toBe('interrupted');
  expect(readdirSync(at.file('cache/checkpoints'))).toHaveLength(1);
  expect(existsSync(join(folder, 'cancel'))).toBe(false);
});

test('a last line that was cut, and lines that are none, do not hide the others', async () => {
  const at = workspace({ 'x.yaml': pipeline });
  const { folder } = await at.run('x.yaml');
  const events = readFileSync(join(folder, 'events.jsonl'), 'utf8');
  const name = folder.slice(at.folder.length + 1);
  at.write(`${name}/events.jsonl`, `\0\n${events}{"time":"2026-01-01T00:00:00Z","type":"stage-fin`);
  expect((await readRun(folder)).ended.size).toBe(9);
});

test('what a killed run left half-written is removed by the next one of its name', async () => {
  const at = workspace({ 'x.yaml': pipeline });
  const { folder } = await at.run('x.yaml');
  const { machine, pid, started } = thisWriter();
  const aside = (process: number) =>
    join(folder, `.aside-${machine}-${process}-${started}-0123456789abcdef`);
  for (const process of [2 ** 22 + 1, pid]) writeFileSync(aside(process), '');
  await at.run('x.yaml');
  const left = readdirSync(folder).filter((name) => name.startsWith('.aside'));
  expect(left).toEqual([aside(pid).slice(folder.length + 1)]);
});

test('a folder that is no run is refused', async () => {
  const at = workspace({ 'a/manifest.json': '{"status":1}', 'b/x': '' });
  for (const name of ['a', 'b', 'c']) {
    await expect(readRun(at.file(name))).rejects.toMatchObject({ code: 'NOT_A_RUN' });
  }
});
