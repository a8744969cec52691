import { afterAll, afterEach, beforeAll, describe, expect, test, vi } from 'vitest';

import { atProgress, grids, notices } from '../testing/grid.js';
import { opened } from '../testing/open-launcher.js';
import { until } from '../testing/redis-server.js';
import { noSlurm, startSlurm, type SlurmCluster } from '../testing/slurm-cluster.js';
import { programCommand } from '../testing/worker.js';
import { slurm } from './slurm.js';

const through = (options: Record<string, unknown>) =>
  opened(slurm, { command: programCommand('worker-process.ts'), ...options });

/** How many workers were submitted, by the messages that say so. */
const workersIn = (told: readonly string[], pattern: RegExp) =>
  told
    .filter((text) => pattern.test(text))
    .map((text) => (text.includes(': a worker') ? 1 : Number(/: (\d+) workers/.exec(text)?.[1])))
    .reduce((sum, count) => sum + count, 0);

describe.skipIf(noSlurm)(`slurm, places in the queue${noSlurm ? `: ${noSlurm}` : ''}`, () => {
  let cluster: SlurmCluster;
  beforeAll(async () => {
    cluster = await startSlurm();
    vi.stubEnv('SLURM_CONF', cluster.conf);
  });
  afterEach(() => until(() => cluster.queue().length === 0, 'an empty queue'));
  afterAll(() => cluster.stop());

  test('a follow-up waits for its worker, takes over at the time limit, and goes with the run', async () => {
    const { run } = grids();
    let queue = '';
    const look = async () => {
      await until(() => cluster.queue().length === 2, 'a follow-up');
      queue = cluster.ask('squeue', '--noheader', '--array', '--sort=i', '--format=%i %T %r %E');
    };
    let looked: Promise<void> | undefined;
    const there = await run('grid', through({ time: '1', workers: 1, followUps: 1 }), {
      jobs: 1,
      steps: 5000,
      observers: [atProgress(10, () => void (looked = look()))],
    });
    await looked;
    expect(there.error).toBeUndefined();
    const [worker, follower] = queue.split('\n');
    const array = Number(/^(\d+)_1 RUNNING/.exec(worker!)?.[1]);
    expect(follower).toMatch(
      new RegExp(`^${array + 1}_1 PENDING Dependency afterany:${array}_\\*`),
    );
    const told = notices(there.events);
    // Only the first one was submitted to start at once.
    expect(workersIn(told, / submitted\.$/)).toBe(1);
    expect(told).toContain(`Slurm array ${array + 1}: a worker submitted to follow.`);
    expect(told).toContainEqual(expect.stringMatching(`ended ${array}_1 on n\\d: TIMEOUT`));
  });

  test('a follow-up takes the place of the first task that ends, while others work', async () => {
    const { run } = grids();
    let limited = '';
    const limit = () => {
      const [working = ''] = cluster.queue().filter((text) => text.endsWith('RUNNING'));
      limited = working.split(' ')[0]!;
      cluster.ask('scontrol', 'update', `JobId=${limited}`, 'TimeLimit=1');
    };
    const there = await run('grid', through({ workers: 2, followUps: 1, time: '10' }), {
      jobs: 2,
      steps: 5000,
      observers: [atProgress(10, limit)],
    });
    expect(there.error).toBeUndefined();
    const told = notices(there.events);
    expect(told.filter((text) => /TIMEOUT/.test(text))).toEqual([
      expect.stringMatching(`^Slurm has ended ${limited} on n\\d: TIMEOUT`),
    ]);
    // In its place none is submitted anew.
    const later = told.slice(told.findIndex((text) => text.includes('TIMEOUT')));
    expect(workersIn(later, / submitted\.$/)).toBe(0);
    expect(there.events.filter(({ type }) => type === 'stage-retried')).toHaveLength(0);
  });

  test('a worker without work ends after a while, and none comes in its place', async () => {
    const { run } = grids();
    const there = await run('grid', through({ workers: 2, idle: 1 }), { jobs: 3, steps: 3600 });
    expect(there.error).toBeUndefined();
    const told = notices(there.events);
    expect(told.filter((text) => /COMPLET/.test(text))).toHaveLength(1);
    expect(workersIn(told, /submitted/)).toBe(2);
  });
});
