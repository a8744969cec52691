import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { describe, expect, onTestFinished, test } from 'vitest';

import type { OpenLauncher, RunEvent } from '@privatesnn/core';

import { atProgress, grids, notices, stages } from '../testing/grid.js';
import { joined } from '../testing/joined.js';
import { opened } from '../testing/open-launcher.js';
import { until } from '../testing/redis-server.js';
import { progressOf, startProgram, startWorker, type TestWorker } from '../testing/worker.js';
import { folder as definition } from './folder.js';

/** Where experiments of a test, in a temporary folder, find it. */
const zod = import.meta.resolve('zod');

function crewOf(count: number) {
  const crew = joined(opened(definition, {}), count);
  onTestFinished(() => crew.end());
  return crew;
}

async function worker(...request: Parameters<typeof startWorker>) {
  const started = await startWorker(...request);
  onTestFinished(() => started.kill());
  return started;
}

/** Where each beginning of a stage took up its work. */
const beginnings = (events: readonly RunEvent[]) =>
  events.flatMap((event) => {
    const found = event.type === 'info' ? /begins at (\d+)/.exec(event.message) : null;
    return found ? [Number(found[1])] : [];
  });

/** A way to start a process as on another machine: its name is another, and nobody here can ask for it. */
const elsewhere = ['unshare', '--uts', '--', 'sh', '-c', 'hostname elsewhere; exec "$@"', 'sh'];
const noElsewhere = spawnSync(elsewhere[0]!, [...elsewhere.slice(1), 'true']).status !== 0;

describe('folder, when something fails', () => {
  test('a worker that ends gives back what it has begun; without one the run says so', async () => {
    const { run } = grids();
    const crew = crewOf(1);
    let place = '';
    let code: Promise<number | null> | undefined;
    const there = await run('grid', crew.open, {
      jobs: 1,
      steps: 60,
      observers: [
        atProgress(5, () => void (code = crew.workers[0]!.end())),
        (event) => {
          if (event.type === 'run-started') place = event.folder;
          if (event.type === 'notice') void crew.hire(place);
        },
      ],
    });
    expect(await code).toBe(130);
    expect(there.error).toBeUndefined();
    expect(notices(there.events)).toEqual([
      `No worker is there. One is started by: privatesnn worker ${place}`,
    ]);
    expect(beginnings(there.events)[1]).toBeGreaterThanOrEqual(5);
    expect(existsSync(join(place, 'work'))).toBe(false);
  });

  test('a run that gets kill -9 takes its workers with it, and a run that resumes it goes on', async () => {
    const { folder, run, write } = grids();
    const file = write('killed', { jobs: 2, steps: 200 });
    const argv = [file, 'folder', '{}', join(folder, 'cache'), join(folder, 'runs')];
    const child = startProgram('run-process.ts', argv);
    await until(() => existsSync(join(folder, 'runs')), 'a folder of runs');
    const place = () => join(folder, 'runs', readdirSync(join(folder, 'runs'))[0] ?? '');
    await until(() => existsSync(join(place(), 'work')), 'a run that hands out work');
    const first = await worker(place(), 2);
    await progressOf(child);
    child.kill('SIGKILL');
    await until(() => first.ended, 'a worker that has ended');
    expect(first.text()).toMatch(/The process of killed-\S+ is gone/);
    expect(existsSync(join(place(), 'work'))).toBe(true);
    const crew = crewOf(1);
    const resumed = await run('killed', crew.open, { jobs: 2, steps: 200, resume: place() });
    expect(resumed.error).toBeUndefined();
    expect(Math.max(...beginnings(resumed.events))).toBeGreaterThanOrEqual(1);
    expect(existsSync(join(place(), 'work'))).toBe(false);
  });

  test('a worker with other code refuses, and others do the work', async () => {
    const { folder, run } = grids();
    const code = readFileSync(stages, 'utf8').replace("from 'zod'", `from '${zod}'`);
    mkdirSync(join(folder, 'experiment'));
    const plugin = join(folder, 'experiment/stages.js');
    writeFileSync(plugin, code);
    const launcher = opened(definition, {});
    const workers: TestWorker[] = [];
    const open: OpenLauncher = async (materials) => {
      const side = await launcher(materials);
      writeFileSync(plugin, `${code}// Another version.\n`);
      workers.push(await worker(materials.folder));
      await until(() => existsSync(join(materials.folder, 'work/1/workers')), 'a session');
      return side;
    };
    const observers = [
      (event: RunEvent) => {
        if (event.type === 'run-started') void startSame(event.folder);
      },
    ];
    const startSame = async (place: string) => {
      await until(() => workers[0]?.text().includes('refused') ?? false, 'a refusal');
      writeFileSync(plugin, code);
      await worker(place);
    };
    const there = await run('experiment/grid', open, { plugin: './stages.js', observers });
    expect(there.error).toBeUndefined();
    expect(there.digests).toHaveLength(4);
    expect(workers[0]!.text()).toMatch(/refused\..*stages\.js/);
    expect(workers[0]!.text()).not.toContain('finished');
  });

  test.skipIf(noElsewhere)(
    'a worker that dies on another machine is noticed after a minute, and made up for',
    async () => {
      const { run } = grids();
      const launcher = opened(definition, {});
      const workers: TestWorker[] = [];
      let place = '';
      const open: OpenLauncher = async (materials) => {
        place = materials.folder;
        workers.push(await worker(place, 1, {}, undefined, elsewhere));
        return launcher(materials);
      };
      const there = await run('grid', open, {
        jobs: 1,
        steps: 40,
        observers: [
          atProgress(5, () => {
            void workers[0]!.kill().then(() => worker(place, 1));
          }),
        ],
      });
      expect(there.error).toBeUndefined();
      expect(notices(there.events)).toEqual([
        expect.stringMatching(/^Worker elsewhere:\d+ is gone; others do what it worked on\.$/),
      ]);
      expect(there.events.filter(({ type }) => type === 'stage-retried')).toHaveLength(1);
      expect(Math.max(...beginnings(there.events))).toBeGreaterThanOrEqual(5);
    },
  );

  test('a worker at a run that has ended ends, too', async () => {
    const { folder, run } = grids();
    const crew = crewOf(1);
    expect((await run('grid', crew.open, { jobs: 1, steps: 1 })).error).toBeUndefined();
    const late = await worker(join(folder, 'runs', readdirSync(join(folder, 'runs'))[0]!));
    await until(() => late.ended, 'a worker that has ended');
    expect(late.text()).toMatch(/has ended/);
  });
});
