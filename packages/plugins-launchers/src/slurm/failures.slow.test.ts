import { existsSync, mkdirSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

import { afterAll, afterEach, beforeAll, describe, expect, test, vi } from 'vitest';

import { askToEnd, type RunEvent } from '@privatesnn/core';

import { atProgress, grids, notices } from '../testing/grid.js';
import { opened } from '../testing/open-launcher.js';
import { until } from '../testing/redis-server.js';
import { noSlurm, startSlurm, type SlurmCluster } from '../testing/slurm-cluster.js';
import {
  killTree,
  processesWith,
  programCommand,
  progressOf,
  startProgram,
} from '../testing/worker.js';
import { slurm } from './slurm.js';

const command = programCommand('worker-process.ts');
const through = (options: Record<string, unknown> = {}) =>
  opened(slurm, { workers: 2, command, ...options });
const beginnings = (events: readonly RunEvent[]) =>
  events.flatMap((event) => {
    const found = event.type === 'info' ? /begins at (\d+)/.exec(event.message) : null;
    return found ? [Number(found[1])] : [];
  });

describe.skipIf(noSlurm)(`slurm, when something fails${noSlurm ? `: ${noSlurm}` : ''}`, () => {
  let cluster: SlurmCluster;
  beforeAll(async () => {
    cluster = await startSlurm();
    vi.stubEnv('SLURM_CONF', cluster.conf);
    vi.stubEnv('SECRET_TOKEN', 'open-sesame-4711');
  });
  afterEach(() => until(() => cluster.queue().length === 0, 'an empty queue'));
  afterAll(() => cluster.stop());

  test('a task that is cancelled from outside is made up for, and not submitted again', async () => {
    const { run } = grids();
    const expected = run('grid', undefined, { steps: 150, cache: 'other' });
    const there = await run('grid', through(), {
      steps: 150,
      observers: [
        atProgress(10, () => void cluster.ask('scancel', cluster.queue()[0]!.split(' ')[0]!)),
      ],
    });
    expect(there.error).toBeUndefined();
    expect(there.digests).toEqual((await expected).digests);
    expect(notices(there.events).filter((text) => text.includes('CANCELLED'))).toHaveLength(1);
    const submitted = notices(there.events).filter((text) => text.includes('submitted'));
    expect(submitted.length).toBeLessThanOrEqual(2);
  });

  test('where all are cancelled the run ends and says so', async () => {
    const { run } = grids();
    const there = await run('grid', through({ workers: 1 }), {
      steps: 3000,
      observers: [atProgress(10, () => void cluster.ask('scancel', '--user=root'))],
    });
    expect(there.error).toMatchObject({ code: 'SLURM_CANCELLED' });
  });

  test("a node's slurmd that is killed disturbs no work", async () => {
    const { run } = grids();
    const expected = run('grid', undefined, { steps: 400, cache: 'other' });
    const killed: Promise<void>[] = [];
    const there = await run('grid', through(), {
      steps: 400,
      observers: [atProgress(10, () => void killed.push(cluster.killNode('n1')))],
    });
    await Promise.all(killed);
    expect(there.error).toBeUndefined();
    expect(there.digests).toEqual((await expected).digests);
    await cluster.startNode('n1');
  });

  test('a node that is gone with all that worked there is made up for', async () => {
    const { run, folder } = grids();
    const expected = run('grid', undefined, { steps: 300, cache: 'other' });
    const killed: Promise<void>[] = [];
    const kill = async () => {
      await cluster.killNode('n1');
      for (const pid of processesWith('slurmstepd', 'n1')) killTree(pid);
      for (const pid of processesWith('worker-process', folder)) killTree(pid);
    };
    const there = await run('grid', through({ nodes: 'n1', workers: 2 }), {
      steps: 300,
      observers: [
        atProgress(10, () => {
          killed.push(
            kill()
              .then(() => sleep(25_000))
              .then(() => cluster.startNode('n1')),
          );
        }),
      ],
    });
    await Promise.all(killed);
    expect(there.error).toBeUndefined();
    expect(there.digests).toEqual((await expected).digests);
    expect(notices(there.events)).toContainEqual(expect.stringMatching(/is gone; others do/));
  });

  test('a controller that is away for 20 s is waited for, with a message', async () => {
    const { run } = grids();
    const expected = run('grid', undefined, { jobs: 2, steps: 900, cache: 'other' });
    let back: Promise<void> | undefined;
    const there = await run('grid', through({ workers: 1 }), {
      jobs: 2,
      steps: 900,
      observers: [
        atProgress(10, () => {
          back = cluster
            .stopController()
            .then(() => sleep(20_000))
            .then(cluster.startController);
        }),
      ],
    });
    await back;
    expect(there.error).toBeUndefined();
    expect(there.digests).toEqual((await expected).digests);
    const told = notices(there.events).filter((text) => /answer/.test(text));
    expect(told).toEqual([
      expect.stringMatching(/^Slurm does not answer \(.*\)\. It is waited for/),
      'Slurm answers again.',
    ]);
  });

  test('workers that reach their time limit are made up for, and stages go on', async () => {
    const { run } = grids();
    const there = await run('grid', through({ time: '1', workers: 1 }), { jobs: 1, steps: 5000 });
    expect(there.error).toBeUndefined();
    expect(notices(there.events)).toContainEqual(expect.stringContaining('TIMEOUT'));
    expect(Math.max(...beginnings(there.events))).toBeGreaterThan(100);
  });

  test.each(['Ctrl-C', 'cancel from another terminal'])(
    '%s ends all tasks, those that wait, too',
    async (how) => {
      const { folder, write } = grids();
      const file = write('grid', { jobs: 8, steps: 3000 });
      const options = JSON.stringify({ workers: 6, command });
      const argv = [file, 'slurm', options, join(folder, 'cache'), join(folder, 'runs')];
      const child = startProgram('run-process.ts', argv);
      const ended = new Promise((done) => child.once('exit', done));
      const place = await progressOf(child);
      await until(() => cluster.queue().length >= 6, 'six tasks');
      if (how === 'Ctrl-C') child.kill('SIGINT');
      else await askToEnd(place, 'soon');
      await ended;
      await until(() => cluster.queue().length === 0, 'an empty queue');
      expect(existsSync(join(place, 'work'))).toBe(false);
      expect(processesWith('worker-process', folder)).toEqual([]);
    },
  );

  test('a run that gets kill -9 leaves no worker for long, and one that resumes it none of its arrays', async () => {
    const { folder, run, write } = grids();
    const file = write('killed', { jobs: 2, steps: 300 });
    const options = JSON.stringify({ workers: 2, command });
    const argv = [file, 'slurm', options, join(folder, 'cache'), join(folder, 'runs')];
    const child = startProgram('run-process.ts', argv);
    const place = await progressOf(child);
    child.kill('SIGKILL');
    await until(() => cluster.queue().length === 0, 'an empty queue');
    const resumed = await run('killed', through(), { jobs: 2, steps: 300, resume: place });
    expect(resumed.error).toBeUndefined();
    expect(Math.max(...beginnings(resumed.events))).toBeGreaterThanOrEqual(1);
  });

  test('what Slurm refuses is an error at once, with its words', async () => {
    const { run } = grids();
    const there = await run('grid', through({ partition: 'nope' }));
    expect(there.error).toMatchObject({ code: 'SLURM_REFUSED' });
    expect((there.error as Error).message).toContain('invalid partition specified: nope');
  });

  test('workers that do not come to work are an error, with the last lines of a log', async () => {
    const { run } = grids();
    const there = await run('grid', through({ prologue: 'echo no such licence; exit 3' }));
    expect(there.error).toMatchObject({ code: 'SLURM_WORKERS_FAILED' });
    expect((there.error as Error).message).toContain('no such licence');
  });

  test('folders of any name, modules, prologue and environment; and no secret in any file', async () => {
    const { folder, run, write } = grids();
    const odd = `it's 100%A $HOME "x"`;
    mkdirSync(join(folder, odd));
    const file = write('grid');
    const outputDirectory = join(folder, odd);
    const there = await run(
      'grid',
      through({ prologue: 'echo "$GREETING"', environment: { GREETING: `it's "$HOME"` } }),
      {
        outputDirectory,
      },
    );
    expect(file).toContain(folder);
    expect(there.error).toBeUndefined();
    expect(there.digests).toHaveLength(4);
    const place = join(outputDirectory, readdirSync(outputDirectory)[0]!);
    const names = readdirSync(join(place, 'slurm'));
    const log = names.find((name) => /^\d+_1\.log$/.test(name))!;
    expect(readFileSync(join(place, 'slurm', log), 'utf8')).toContain(`it's "$HOME"`);
    const written = readdirSync(place, { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile())
      .map((entry) => readFileSync(join(entry.parentPath, entry.name), 'latin1'));
    for (const text of written) expect(text).not.toContain('open-sesame-4711');
    const [job] = log.split('_');
    expect(cluster.ask('scontrol', 'show', 'job', '--details', job!)).not.toContain('open-sesame');
  });
});
