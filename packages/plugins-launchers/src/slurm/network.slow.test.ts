import { setTimeout as sleep } from 'node:timers/promises';

import { describe, expect, onTestFinished, test, vi } from 'vitest';

import type { RunEvent } from '@privatesnn/core';

import { grids, notices } from '../testing/grid.js';
import { opened } from '../testing/open-launcher.js';
import { until } from '../testing/redis-server.js';
import { noSlurm, startSlurm, type NodeName, type SlurmCluster } from '../testing/slurm-cluster.js';
import { processesWith, programCommand } from '../testing/worker.js';
import { slurm } from './slurm.js';

/** Two workers, each with a node for itself. */
const options = { workers: 2, cpusPerTask: 2, command: programCommand('worker-process.ts') };

async function started(slurmdTimeout: number) {
  const cluster = await startSlurm(slurmdTimeout);
  onTestFinished(() => cluster.stop());
  vi.stubEnv('SLURM_CONF', cluster.conf);
  return cluster;
}

/** Calls back once, when so many stages have come to a checkpoint. */
function whenWorking(count: number, act: () => void) {
  const working = new Set<string>();
  return (event: RunEvent) => {
    if (event.type !== 'stage-progress' || working.size === count) return;
    if (working.add(event.node).size === count) act();
  };
}

/** Runs two jobs on two nodes, and takes a place off the network while both work. */
async function cutOff(cluster: SlurmCluster, place: NodeName | 'login', seconds: number) {
  const { run, folder } = grids();
  // A step takes 20 ms at least.
  const steps = (seconds + 10) * 50;
  const here = run('grid', undefined, { jobs: 2, steps, cache: 'other' });
  let mended: Promise<string> | undefined;
  const cut = async () => {
    cluster.cut(place);
    await sleep(seconds * 1000);
    const seen = place === 'login' ? '' : cluster.ask('sinfo', '--noheader', '-n', place, '-o%T');
    cluster.mend(place);
    return seen;
  };
  const there = await run('grid', opened(slurm, options), {
    jobs: 2,
    steps,
    observers: [whenWorking(2, () => void (mended = cut()))],
  });
  const seen = await mended;
  // Nothing is left, not on the node either that was away.
  await until(() => cluster.queue().length === 0, 'an empty queue');
  await until(() => processesWith('worker-process', folder).length === 0, 'no worker');
  expect(there.error).toBeUndefined();
  expect(there.digests).toEqual((await here).digests);
  return { seen, told: notices(there.events), events: there.events };
}

describe.skipIf(noSlurm)(`slurm, when a network is cut${noSlurm ? `: ${noSlurm}` : ''}`, () => {
  test('a node that is away for 20 s works on', async () => {
    const { told, events } = await cutOff(await started(300), 'n1', 20);
    expect(told.filter((text) => !text.includes('submitted'))).toEqual([]);
    expect(events.filter(({ type }) => type === 'stage-retried')).toEqual([]);
  });

  test('a node that Slurm gives up: others do its work, and what still works there ends', async () => {
    const { seen, told } = await cutOff(await started(5), 'n1', 40);
    expect(seen).toMatch(/^down/);
    expect(told).toContainEqual(expect.stringMatching(/^Slurm has put \d+_1 of n1 back/));
    expect(told).toContainEqual(expect.stringMatching(/is gone; others do/));
  });

  test('a login node that is away for 20 s: the run says so, and what works goes on', async () => {
    const { told, events } = await cutOff(await started(300), 'login', 20);
    expect(told.filter((text) => !text.includes('submitted'))).toEqual([
      expect.stringMatching(/^Slurm does not answer \(.*\)\. It is waited for/),
      'Slurm answers again.',
    ]);
    expect(events.filter(({ type }) => type === 'stage-retried')).toEqual([]);
  });
});
