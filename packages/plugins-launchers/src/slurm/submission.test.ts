import { expect, test } from 'vitest';

import { slurmOptions } from './slurm.js';
import { submission } from './submission.js';

test('an array of workers, with what the user asks for and no more', () => {
  const options = slurmOptions.parse({
    partition: 'gpu',
    time: '1-00:00:00',
    memory: '8G',
    cpusPerTask: 4,
    arguments: ['--qos=long'],
  });
  expect(submission(options, 'grid-1', '/runs/grid-1/slurm', 12)).toEqual([
    '--array=1-12',
    '--job-name=privatesnn grid-1',
    '--output=/runs/grid-1/slurm/%A_%a.log',
    '--ntasks=1',
    '--partition=gpu',
    '--time=1-00:00:00',
    '--mem=8G',
    '--cpus-per-task=4',
    '--qos=long',
  ]);
});

test('what sbatch would fill in itself in the name of a folder stays as it is', () => {
  const [, , output] = submission(slurmOptions.parse({}), 'x', '/runs/100%j/slurm', 1);
  expect(output).toBe('--output=/runs/100%%j/slurm/%A_%a.log');
});

test('a follow-up waits for all before it, however they end, whatever these have waited for', () => {
  const options = slurmOptions.parse({ arguments: ['--dependency=afterok:9'] });
  const list = submission(options, 'x', '/runs/x/slurm', 2, ['17', '18']);
  expect(list.slice(-2)).toEqual(['--dependency=afterok:9', '--dependency=afterany:17:18']);
  expect(submission(options, 'x', '/runs/x/slurm', 2).at(-1)).toBe('--dependency=afterok:9');
});
