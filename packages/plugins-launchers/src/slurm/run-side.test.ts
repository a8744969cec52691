import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { expect, onTestFinished, test, vi } from 'vitest';

import { UserError, type NodeJob } from '@privatesnn/core';

import { SchedulerAway, type Slurm } from './commands.js';
import { openRunSide } from './run-side.js';
import { slurmOptions } from './slurm.js';
import type { Task } from './states.js';

vi.mock('./times.js', () => ({
  times: { gather: 1, look: 5, few: 50, slow: 40, again: 5, patience: 30, closing: 500 },
}));

const job = (node: string): NodeJob => ({
  plan: { file: '/plan.bin', digest: 'd' },
  node,
  inputs: {},
  threads: 1,
  useCache: true,
});

/** A run without workers, at a Slurm that is played: it says `state` of all tasks. */
async function played(
  parts: Partial<Slurm> = {},
  arrays?: string,
  options: Record<string, unknown> = {},
) {
  const folder = mkdtempSync(join(tmpdir(), 'privatesnn-slurm-run-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  const told: string[] = [];
  const submitted: number[] = [];
  const cancelled: string[] = [];
  const released: string[] = [];
  /** What each array waits for. */
  const after: (string | undefined)[] = [];
  const play = { state: 'PENDING', reason: 'Priority', of: new Map<string, string>() };
  const all = (ids: readonly string[]): Task[] =>
    ids.flatMap((id) =>
      Array.from({ length: submitted[Number(id) - 1]! }, (_, index) => {
        const task = `${id}_${index + 1}`;
        const waits = after[Number(id) - 1] !== undefined && !released.includes(task);
        const state = play.of.get(task) ?? (waits ? 'PENDING' : play.state);
        return { id: task, state, reason: waits ? 'Dependency' : play.reason, node: 'n1' };
      }),
    );
  const slurm: Slurm = {
    submit: (args) => {
      submitted.push(Number(/1-(\d+)/.exec(args[0]!)![1]));
      after.push(args.find((text) => text.startsWith('--dependency='))?.split('=')[1]);
      return Promise.resolve(String(submitted.length));
    },
    tasks: (ids) => Promise.resolve(all(ids)),
    release: (ids) => Promise.resolve(void released.push(...ids)),
    cancel: (ids) => Promise.resolve(void cancelled.push(...ids)),
    ...parts,
  };
  const materials = {
    folder,
    experimentFolder: folder,
    cache: '/cache',
    plan: { file: join(folder, 'plan.bin'), digest: 'd' },
    command: ['privatesnn'],
    tell: (text: string) => void told.push(text),
  };
  if (arrays !== undefined) {
    mkdirSync(join(folder, 'slurm'));
    writeFileSync(join(folder, 'slurm/arrays'), arrays);
  }
  const launcher = await openRunSide(
    slurmOptions.parse({ workers: 3, ...options }),
    materials,
    slurm,
  );
  onTestFinished(() => launcher.close());
  const launch = (node: string) =>
    launcher
      .launch(job(node), () => undefined, new AbortController().signal)
      .catch((error: unknown) => error);
  return { folder, told, submitted, after, released, cancelled, play, launcher, launch };
}

test('as many workers as there is work for; the arrays of a run that was killed are cancelled', async () => {
  const { folder, launcher, launch, submitted, cancelled } = await played({}, '4711\n4712\n');
  expect(cancelled).toEqual([]);
  void launch('a');
  void launch('b');
  await vi.waitFor(() => expect(submitted).toEqual([2]));
  expect(cancelled).toEqual(['4711', '4712']);
  for (const node of 'cdefg') void launch(node);
  await vi.waitFor(() => expect(submitted).toEqual([2, 1]));
  expect(readFileSync(join(folder, 'slurm/arrays'), 'utf8')).toBe('1\n2\n');
  await launcher.close();
  expect(cancelled.slice(2)).toEqual(['1', '2']);
  expect(existsSync(join(folder, 'work'))).toBe(false);
});

test('nothing is submitted where nothing is launched', async () => {
  const { launcher, submitted, cancelled } = await played();
  await launcher.close();
  expect([submitted, cancelled]).toEqual([[], []]);
});

test('what sbatch refuses ends the run', async () => {
  const refusal = new UserError('environment', 'SLURM_REFUSED', 'Invalid account');
  const { launch } = await played({ submit: () => Promise.reject(refusal) });
  expect(await Promise.all([launch('a'), launch('b')])).toEqual([refusal, refusal]);
});

test('a scheduler that is away is waited for, and said so once', async () => {
  let away = 8;
  const slurm = {
    submit: () =>
      away-- > 0 ? Promise.reject(new SchedulerAway('connect failure')) : Promise.resolve('1'),
    tasks: () => Promise.resolve([{ id: '1_1', state: 'RUNNING', reason: '', node: 'n1' }]),
  };
  const { launch, told } = await played(slurm);
  void launch('a');
  await vi.waitFor(() => expect(told).toContain('Slurm answers again.'));
  expect(told).toEqual([
    'Slurm does not answer (connect failure). It is waited for; what works goes on.',
    'Slurm array 1: a worker submitted.',
    'Slurm answers again.',
  ]);
});

test('a scheduler that takes its time is one that is away', async () => {
  const tasks = () =>
    new Promise<Task[]>((resolve) => {
      const task = { id: '1_1', state: 'RUNNING', reason: '', node: 'n1' };
      setTimeout(resolve, 100, [task]);
    });
  const { launch, told } = await played({ tasks });
  void launch('a');
  await vi.waitFor(() => expect(told).toContain('Slurm answers again.'));
  expect(told[1]).toMatch(/^Slurm does not answer \(for .* s\)\. It is waited for/);
});

test('why all workers wait is said once for each reason', async () => {
  const { launch, told, play } = await played();
  void launch('a');
  await vi.waitFor(() => expect(told.at(-1)).toMatch(/wait in Slurm's queue \(Priority\)/));
  play.reason = 'Resources';
  await vi.waitFor(() => expect(told.at(-1)).toMatch(/wait in Slurm's queue \(Resources\)/));
  expect(told).toHaveLength(3);
});

test('tasks at their time limit are submitted again; those that are cancelled are not, to the last', async () => {
  const { launch, submitted, play, told } = await played();
  const ended = launch('a');
  await vi.waitFor(() => expect(submitted).toHaveLength(1));
  play.state = 'TIMEOUT';
  await vi.waitFor(() => expect(submitted.length).toBeGreaterThan(3));
  play.state = 'CANCELLED';
  expect(await ended).toMatchObject({ code: 'SLURM_CANCELLED' });
  expect(told.filter((text) => text.includes('CANCELLED'))).toHaveLength(3);
});

test('each task that is cancelled makes fewer, also where it is seen while it completes', async () => {
  const { launch, submitted, play, told } = await played();
  const ended = launch('a');
  await vi.waitFor(() => expect(submitted).toHaveLength(1));
  play.state = 'COMPLETING';
  await new Promise((resolve) => setTimeout(resolve, 50));
  play.state = 'CANCELLED';
  await vi.waitFor(() => expect(submitted).toHaveLength(3));
  expect(await ended).toMatchObject({ code: 'SLURM_CANCELLED' });
  expect(submitted).toEqual([1, 1, 1]);
  expect(told.some((text) => text.includes('COMPLETING'))).toBe(false);
});

test('workers of which none ever came end the run, with the last lines of a log', async () => {
  const { folder, launch, play } = await played();
  play.state = 'FAILED';
  writeFileSync(join(folder, 'slurm/1_1.log'), 'module: command not found\n');
  const error = await launch('a');
  expect(error).toMatchObject({ code: 'SLURM_WORKERS_FAILED' });
  expect((error as Error).message).toContain('module: command not found');
});

test('follow-ups wait behind the workers, take over as the first of these end, and are made up for', async () => {
  const slurm = await played({}, undefined, { followUps: 1 });
  for (const node of 'abc') void slurm.launch(node);
  await vi.waitFor(() => expect(slurm.submitted).toEqual([3, 3]));
  expect(slurm.after).toEqual([undefined, 'afterany:1']);
  slurm.play.state = 'RUNNING';
  slurm.play.of.set('1_2', 'TIMEOUT');
  await vi.waitFor(() => expect(slurm.released).toEqual(['2_1']));
  // Two of three are there: a third one after a while.
  await vi.waitFor(() => expect(slurm.submitted).toEqual([3, 3, 1]));
  expect(slurm.after[2]).toBe('afterany:1:2');
  expect(slurm.cancelled).toEqual([]);
  await slurm.launcher.close();
  expect(slurm.cancelled).toEqual(['1', '2', '3']);
});

test('two arrays behind the workers: each waits for all before it', async () => {
  const { launch, submitted, after } = await played({}, undefined, { followUps: 2 });
  for (const node of 'abc') void launch(node);
  await vi.waitFor(() => expect(submitted).toEqual([3, 3, 3]));
  expect(after).toEqual([undefined, 'afterany:1', 'afterany:1:2']);
});

test('a task that Slurm puts back into the queue is told, and no other is submitted', async () => {
  const { launch, submitted, told, play } = await played();
  void launch('a');
  play.state = 'RUNNING';
  await vi.waitFor(() => expect(submitted).toEqual([1]));
  await new Promise((resolve) => setTimeout(resolve, 50));
  play.state = 'PENDING';
  await vi.waitFor(() => expect(told).toContain('Slurm has put 1_1 of n1 back into its queue.'));
  expect(submitted).toEqual([1]);
});

test('where a worker is cancelled nothing follows any more, and that is told of none but it', async () => {
  const { launch, submitted, cancelled, play, told } = await played({}, undefined, {
    followUps: 1,
  });
  for (const node of 'abc') void launch(node);
  await vi.waitFor(() => expect(submitted).toEqual([3, 3]));
  play.state = 'RUNNING';
  play.of.set('1_2', 'CANCELLED');
  await vi.waitFor(() => expect(cancelled).toEqual(['2_1', '2_2', '2_3']));
  expect(told.filter((text) => text.includes('CANCELLED'))).toEqual([
    'Slurm has ended 1_2 on n1: CANCELLED.',
  ]);
  play.of.set('1_1', 'TIMEOUT');
  play.of.set('1_3', 'TIMEOUT');
  await vi.waitFor(() => expect(submitted).toEqual([3, 3, 2]));
});

test('where Slurm refuses what follows the run goes on without', async () => {
  let count = 0;
  const refusal = new UserError('environment', 'SLURM_REFUSED', 'AssocMaxSubmitJobLimit');
  const { launch, told, play } = await played(
    {
      submit: () => (++count === 2 ? Promise.reject(refusal) : Promise.resolve(String(count))),
      tasks: () =>
        Promise.resolve([{ id: '1_1', state: play.state, reason: play.reason, node: '' }]),
    },
    undefined,
    { followUps: 3 },
  );
  play.state = 'RUNNING';
  const ended = vi.fn();
  void launch('a').then(ended);
  await vi.waitFor(() => expect(told).toContain('AssocMaxSubmitJobLimit'));
  await new Promise((resolve) => setTimeout(resolve, 100));
  expect(told.filter((text) => text === 'AssocMaxSubmitJobLimit')).toHaveLength(1);
  expect([count, ended.mock.calls.length]).toEqual([2, 0]);
});
