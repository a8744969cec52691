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
async function played(parts: Partial<Slurm> = {}, arrays?: string) {
  const folder = mkdtempSync(join(tmpdir(), 'privatesnn-slurm-run-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  const told: string[] = [];
  const submitted: number[] = [];
  const cancelled: string[] = [];
  const play = { state: 'PENDING', reason: 'Priority' };
  const all = (ids: readonly string[]): Task[] =>
    ids.flatMap((id) =>
      Array.from({ length: submitted[Number(id) - 1]! }, (_, index) => ({
        id: `${id}_${index + 1}`,
        state: play.state,
        reason: play.reason,
        node: '',
      })),
    );
  const slurm: Slurm = {
    submit: (args) => {
      submitted.push(Number(/1-(\d+)/.exec(args[0]!)![1]));
      return Promise.resolve(String(submitted.length));
    },
    tasks: (ids) => Promise.resolve(all(ids)),
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
  const launcher = await openRunSide(slurmOptions.parse({ workers: 3 }), materials, slurm);
  onTestFinished(() => launcher.close());
  const launch = (node: string) =>
    launcher
      .launch(job(node), () => undefined, new AbortController().signal)
      .catch((error: unknown) => error);
  return { folder, told, submitted, cancelled, play, launcher, launch };
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

test('workers of which none ever came end the run, with the last lines of a log', async () => {
  const { folder, launch, play } = await played();
  play.state = 'FAILED';
  writeFileSync(join(folder, 'slurm/1_1.log'), 'module: command not found\n');
  const error = await launch('a');
  expect(error).toMatchObject({ code: 'SLURM_WORKERS_FAILED' });
  expect((error as Error).message).toContain('module: command not found');
});
