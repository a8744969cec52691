import { spawn } from 'node:child_process';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

import { expect, test } from 'vitest';

import { openCache } from '../cache/open.js';
import { pipeline, workspace } from '../testing/workspace.js';

const testing = resolve(import.meta.dirname, '../testing');

function start(file: string, folder: string) {
  return spawn(
    process.execPath,
    [
      '--import',
      join(testing, 'typescript-loader.js'),
      join(testing, 'run-child.ts'),
      file,
      folder,
    ],
    { stdio: ['ignore', 'pipe', 'inherit'] },
  );
}

async function waitFor(condition: () => boolean): Promise<void> {
  while (!condition()) await sleep(10);
}

test('a run that is killed in the middle goes on from its last stage and checkpoint', async () => {
  const at = workspace();
  const log = at.file('steps.log');
  const file = at.write(
    'x.yaml',
    pipeline.replace(
      'teacher: ann } }',
      `teacher: ann }, options: { steps: 6, milliseconds: 100, log: ${log} } }`,
    ),
  );
  const steps = () => (existsSync(log) ? (readFileSync(log, 'utf8').match(/step \d/g) ?? []) : []);
  const first = start(file, at.folder);
  await waitFor(() => steps().length >= 3);
  first.kill('SIGKILL');
  await new Promise((done) => first.on('exit', done));
  const [folder] = readdirSync(at.file('runs'));
  const manifest = JSON.parse(at.read(`runs/${folder}/manifest.json`)) as { status: string };
  expect(manifest.status).toBe('running');
  expect((await openCache(at.file('cache')).maintenance.verify(false)).damage).toEqual([]);
  const before = steps().length;
  expect(before).toBeLessThan(6);

  const summary = await at.run('x.yaml');
  expect(summary.cached).toBe(6);
  // The step that was killed may be done twice; none before it is.
  expect(steps().length).toBeLessThanOrEqual(7);
  expect(new Set(steps()).size).toBe(6);
  expect(readdirSync(at.file('runs'))).toHaveLength(2);
});
