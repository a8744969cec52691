import { expect, test } from 'vitest';

import { workerEnvironment } from './environment.js';

test('workers get what they need to start and what is named, and no secrets besides', () => {
  const needed = {
    PATH: '/bin',
    HOME: '/home/a',
    LC_ALL: 'C',
    SLURM_CONF: '/etc/slurm.conf',
    SBATCH_ACCOUNT: 'lab',
    PRIVATESNN_CIFAR10: '/data',
    PRIVATESNN_THREADS: '2',
    AWS_PROFILE: 'lab',
  };
  const rest = {
    AWS_SECRET_ACCESS_KEY: 'secret',
    GITHUB_TOKEN: 'secret',
    PRIVATESNN_REDIS: 'redis://:secret@host',
    PRIVATESNN_SUPERVISED: '17',
    PRIVATESNN_PARENT: '17',
    SLURM_JOB_ID: '4',
    SLURM_CPUS_PER_TASK: '9',
    SBATCH_EXPORT: 'ALL',
  };
  expect(workerEnvironment({ ...needed, ...rest }, ['AWS_PROFILE'])).toEqual(needed);
});
