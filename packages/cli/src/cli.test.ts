import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { expect, test } from 'vitest';

import { expectInterrupt, folderWith } from './testing/folder.js';
import { start } from './testing/start.js';

test('run prints the report on standard output and progress on standard error', async () => {
  const folder = folderWith();
  const first = await start(folder, 'run', 'x.yaml').ended;
  expect(first).toMatchObject({ code: 0, stdout: 'x: 2.700000047683716\n' });
  expect(first.stderr).toContain('5 stages computed, 0 from the cache');
  const again = await start(folder, 'run', 'x.yaml', '--json').ended;
  const summary = JSON.parse(again.stdout) as unknown;
  expect(summary).toMatchObject({
    status: 'finished',
    computed: 0,
    cached: 5,
    jobs: [{ name: 'x', results: { 'accuracy.metrics': { unknown: null } } }],
  });
  const planned = await start(folder, 'plan', 'x.yaml', 'data.count=5').ended;
  expect(planned.stdout).toContain('5 stages (1 cached, 4 to do)');
});

test('--no-cache computes everything anew, into the folder that --cache names', async () => {
  const folder = folderWith();
  const run = () => start(folder, 'run', 'x.yaml', '--cache', 'mine', '--no-cache').ended;
  for (const { stderr } of [await run(), await run()]) {
    expect(stderr).toContain('5 stages computed, 0 from the cache');
  }
  expect(readdirSync(folder).sort()).toEqual(['mine', 'runs', 'x.yaml']);
  const [first] = readdirSync(join(folder, 'runs'));
  const manifest = readFileSync(join(folder, 'runs', first!, 'manifest.json'), 'utf8');
  expect(JSON.parse(manifest)).toMatchObject({
    experiment: 'x.yaml',
    command: 'privatesnn run x.yaml --cache mine --no-cache',
  });
});

test('a mistake in the file gives one screen and exit code 2', async () => {
  const folder = folderWith('stps: 3');
  const { code, stdout, stderr } = await start(folder, 'run', 'x.yaml').ended;
  expect([code, stdout]).toEqual([2, '']);
  expect(stderr).toContain('x.yaml:7:75');
  expect(stderr).toContain('Did you mean "steps"?');
  expect(readdirSync(folder)).toEqual(['x.yaml']);
});

test('what a stage reads and is not there ends a run before it begins', async () => {
  const folder = folderWith();
  const file = join(folder, 'x.yaml');
  const text = readFileSync(file, 'utf8')
    .replace('plugins: [', 'plugins: ["@privatesnn/plugins-models", ')
    .replace('use: fake-ann', 'use: pretrained, options: { path: gone/a.safetensors }');
  writeFileSync(file, text);
  const { code, stderr } = await start(folder, 'run', 'x.yaml').ended;
  expect(code).toBe(3);
  expect(stderr).toContain('x.yaml:5');
  expect(stderr).toContain('MODEL_FILE_MISSING');
  expect(readdirSync(folder)).toEqual(['x.yaml']);
});

test('a command that does not exist gives exit code 2 and the nearest one', async () => {
  expect(await start(folderWith(), 'rnu').ended).toMatchObject({
    code: 2,
    stderr: expect.stringContaining('Did you mean run?') as string,
  });
});

test('Ctrl-C ends a run whose stage keeps the process busy', () => expectInterrupt('busy: true'));

test('the cache can be listed, verified and cleared', async () => {
  const folder = folderWith();
  await start(folder, 'run', 'x.yaml', '--quiet').ended;
  const [list, verify] = await Promise.all([
    start(folder, 'cache', 'list').ended,
    start(folder, 'cache', 'verify').ended,
  ]);
  expect(list.stdout).toContain('5 results');
  expect(verify).toMatchObject({ code: 0, stdout: expect.stringContaining('sound') as string });
  await start(folder, 'cache', 'clear').ended;
  expect((await start(folder, 'cache', 'list').ended).stdout).toContain('0 results');
});

test('stages shows a stage with its options', async () => {
  const { stdout } = await start(folderWith(), 'stages', 'threshold-balancing', '--json').ended;
  expect(JSON.parse(stdout)).toMatchObject([
    {
      kind: 'converter',
      inputs: { ann: { types: ['ann'] } },
      options: expect.arrayContaining([
        expect.objectContaining({ name: 'timeSteps', type: 'integer ≥ 1', required: false }),
      ]) as unknown,
    },
  ]);
});
