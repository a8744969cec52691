import { spawnSync } from 'node:child_process';

import { fc, test as property } from '@fast-check/vitest';
import { expect, test } from 'vitest';

import { isOfTask, workerScript } from './script.js';

const plain = {
  run: '/runs/grid-1',
  directory: '/',
  modules: [],
  prologue: '',
  environment: {},
  command: ['/usr/bin/printf', '%s\\0'],
  jobs: 2,
  idle: 10,
  threads: undefined,
};
const array = { SLURM_ARRAY_JOB_ID: '17', SLURM_ARRAY_TASK_ID: '3', PATH: process.env['PATH'] };
/** What bash makes of a script; `module` is a function that tells its arguments. */
function bash(text: string): string[] {
  const known = `module() { printf '%s\\0' "$@"; }\n${text}`;
  const { stdout, stderr } = spawnSync('bash', ['--norc', '-c', known], {
    env: array,
    encoding: 'utf8',
  });
  expect(stderr).toBe('');
  return stdout.split('\0').slice(0, -1);
}
const hostile = fc.string({
  unit: fc.constantFrom(...'\'"$`\\\n\t *!%#;&|<>(){}[]~=-aé中'),
  minLength: 1,
  maxLength: 12,
});

property.prop([hostile, fc.array(hostile, { maxLength: 3 }), fc.array(hostile, { maxLength: 2 })], {
  numRuns: 30,
})('whatever names hold, the shell takes them for words', (run, words, modules) => {
  const command = [...plain.command, ...words];
  const loads = modules.flatMap((name) => ['load', name]);
  expect(bash(workerScript({ ...plain, run, command, modules }))).toEqual([
    ...loads,
    ...words,
    ...['worker', run, '--jobs', '2', '--idle', '10'],
  ]);
});

property.prop([hostile, hostile], { numRuns: 20 })(
  'environment variables arrive as they are',
  (first, second) => {
    const environment = { FIRST: first, SECOND: second };
    const command = ['/usr/bin/env', '-0', 'sh', '-c', 'env -0'];
    const found = bash(
      workerScript({
        ...plain,
        environment,
        threads: 4,
        command: ['sh', '-c', 'env -0', ...command],
      }),
    );
    expect(found).toContain(`FIRST=${first}`);
    expect(found).toContain(`SECOND=${second}`);
    expect(found).toContain('PRIVATESNN_THREADS=4');
    const name = found.find((text) => text.startsWith('PRIVATESNN_WORKER='))!.split('=')[1]!;
    expect(isOfTask(name, '17_3')).toBe(true);
    expect(isOfTask(name, '17_30')).toBe(false);
    expect(isOfTask(name, '7_3')).toBe(false);
  },
);

test('a working directory or a module that is not there ends the task before the worker', () => {
  const gone = workerScript({ ...plain, directory: '/not/there' });
  expect(spawnSync('bash', ['--norc', '-c', gone], { env: array }).status).toBe(1);
  const module = `module() { return 4; }\n${workerScript({ ...plain, modules: ['cuda'] })}`;
  const { status, stdout } = spawnSync('bash', ['--norc', '-c', module], {
    env: array,
    encoding: 'utf8',
  });
  expect([status, stdout]).toEqual([1, '']);
});

test('the prologue is bash, before the worker and after the environment', () => {
  const prologue = 'if true; then\n  printf "%s\\0" "$A twice" "$A twice"\nfi';
  const script = workerScript({ ...plain, environment: { A: 'b' }, prologue });
  expect(bash(script).slice(0, 3)).toEqual(['b twice', 'b twice', 'worker']);
});
