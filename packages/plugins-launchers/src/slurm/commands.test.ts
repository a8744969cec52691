import { expect, test } from 'vitest';

import { UserError } from '@privatesnn/core';

import { executeWith, SchedulerAway, slurmWith, type Output } from './commands.js';

const output = (stdout: string, stderr = '', code = 0): Output => ({ code, stdout, stderr });
/** Slurm whose programs answer so; what they were asked is kept. */
function programs(answers: Readonly<Record<string, Output>>) {
  const asked: string[] = [];
  const slurm = slurmWith((program, args) => {
    asked.push([program, ...args].join(' '));
    return Promise.resolve(answers[program]!);
  });
  return { slurm, asked };
}

test('the id of an array, also of one on another cluster', async () => {
  for (const text of ['17\n', '17;far\n']) {
    const { slurm, asked } = programs({ sbatch: output(text) });
    expect(await slurm.submit(['--array=1-3'], '/run/worker.sh')).toBe('17');
    expect(asked).toEqual(['sbatch --parsable --array=1-3 /run/worker.sh']);
  }
});

// As Slurm 22.05 writes them.
test.each([
  'sbatch: error: invalid partition specified: nope\nsbatch: error: Batch job submission failed: Invalid partition name specified',
  'sbatch: error: Memory specification can not be satisfied\nsbatch: error: Batch job submission failed: Requested node configuration is not available',
  "sbatch: error: Batch job submission failed: Job violates accounting/QOS policy (job submit limit, user's size and/or time limits)",
])('a refusal is an error with the words of sbatch: %s', async (text) => {
  const { slurm } = programs({ sbatch: output('', text, 1) });
  const error: unknown = await slurm.submit([], 's').catch((thrown: unknown) => thrown);
  expect(error).toBeInstanceOf(UserError);
  expect(error).toMatchObject({ code: 'SLURM_REFUSED' });
  expect((error as Error).message).toContain(text);
});

test.each([
  output('', 'sbatch: error: Unable to contact slurm controller (connect failure)', 1),
  output('', 'slurm_load_jobs error: Unable to contact slurm controller (connect failure)', 1),
  output(
    '',
    'sbatch: error: Batch job submission failed: Socket timed out on send/recv operation',
    1,
  ),
  { code: undefined, stdout: '', stderr: '' },
])('a controller that does not answer is no refusal', async (answer) => {
  const { slurm } = programs({ sbatch: answer, squeue: answer, scancel: answer });
  await expect(slurm.submit([], 's')).rejects.toThrow(SchedulerAway);
  await expect(slurm.tasks(['17'])).rejects.toThrow(SchedulerAway);
  await expect(slurm.cancel(['17'])).rejects.toThrow(SchedulerAway);
});

test('arrays that the queue has forgotten are looked for in the accounts, where there are any', async () => {
  const unknown = output('', 'slurm_load_jobs error: Invalid job id specified', 1);
  const { slurm } = programs({ squeue: unknown, sacct: output('17_1|TIMEOUT|n1|None\n') });
  expect(await slurm.tasks(['17'])).toMatchObject([{ id: '17_1', state: 'TIMEOUT' }]);
  const none = output('', 'Slurm accounting storage is disabled', 1);
  expect(await programs({ squeue: unknown, sacct: none }).slurm.tasks(['17'])).toEqual([]);
});

test('the accounts are not asked for what the queue knows', async () => {
  const { slurm, asked } = programs({ squeue: output('17_1|RUNNING|n1|None\n') });
  expect(await slurm.tasks(['17'])).toHaveLength(1);
  expect(asked).toHaveLength(1);
});

test('follow-ups are released together, and one that needs it no more is no error', async () => {
  const refusal = 'Job/step already completing or completed';
  const { slurm, asked } = programs({ scontrol: output('', refusal, 1) });
  await slurm.release(['17_1', '18_3']);
  expect(asked).toEqual(['scontrol update JobId=17_1,18_3 Dependency=']);
  const away = output('', 'slurm_update error: Unable to contact slurm controller', 1);
  await expect(programs({ scontrol: away }).slurm.release(['1_1'])).rejects.toThrow(SchedulerAway);
});

test('a machine without Slurm: an error that says so', async () => {
  const execute = executeWith({ PATH: '/nowhere' });
  await expect(execute('sbatch', [])).rejects.toMatchObject({ code: 'SLURM_MISSING' });
});
