import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';

import { afterAll, beforeAll, describe, vi } from 'vitest';

import { runLauncherContract } from '@privatesnn/testkit';

import { opened } from '../testing/open-launcher.js';
import { until } from '../testing/redis-server.js';
import { noSlurm, startSlurm, type SlurmCluster } from '../testing/slurm-cluster.js';
import { beneath, killTree, processesWith, programCommand } from '../testing/worker.js';
import { slurm } from './slurm.js';

describe.skipIf(noSlurm)(`with a real Slurm${noSlurm ? `: ${noSlurm}` : ''}`, () => {
  let cluster: SlurmCluster;
  beforeAll(async () => {
    cluster = await startSlurm();
    vi.stubEnv('SLURM_CONF', cluster.conf);
  });
  afterAll(() => cluster.stop());

  runLauncherContract(
    'slurm',
    ({ folder }) => {
      const workers = () => processesWith('worker-process', folder);
      return Promise.resolve({
        open: opened(slurm, { workers: 2, command: programCommand('worker-process.ts') }),
        killWorker() {
          killTree(workers().find((pid) => beneath(pid).length > 0)!);
          return Promise.resolve();
        },
        async end() {
          const left = () => [...cluster.queue(), ...workers().map(String)];
          await until(() => left().length === 0, 'an empty queue').catch(() => undefined);
          const runs = join(folder, 'runs');
          return [
            ...left(),
            ...readdirSync(runs).filter((run) => existsSync(join(runs, run, 'work'))),
          ];
        },
      });
    },
    { timeout: 180_000 },
  );
});
