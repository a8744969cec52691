import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

import { expect, test } from 'vitest';

import { folderWith } from './testing/folder.js';
import { start } from './testing/start.js';

const runFolder = (folder: string) => {
  const runs = join(folder, 'runs');
  const [run] = existsSync(runs) ? readdirSync(runs) : [];
  return run === undefined ? undefined : join(runs, run);
};
const statusOf = (folder: string) =>
  JSON.parse(readFileSync(join(runFolder(folder)!, 'manifest.json'), 'utf8')) as unknown;
const edit = (folder: string, from: string, to: string) => {
  const file = join(folder, 'x.yaml');
  const text = readFileSync(file, 'utf8');
  expect(text).toContain(from);
  writeFileSync(file, text.replace(from, to));
};

test('whoever reads the output may go: the run goes on and writes its reports', async () => {
  const folder = folderWith();
  const child = start(folder, 'run', 'x.yaml');
  child.stdout!.destroy();
  child.stderr!.destroy();
  const code = await new Promise((done) => child.on('exit', done));
  expect(code).toBe(0);
  expect(readFileSync(join(runFolder(folder)!, 'report.txt'), 'utf8')).toContain('x: 2.7');
  expect(statusOf(folder)).toMatchObject({ status: 'finished' });
});

test('a plugin that ends the process with 0 has not finished the run', async () => {
  const folder = folderWith();
  edit(folder, 'use: fake-reporter', 'use: fake-reporter, options: { exit: true }');
  const { code, stderr } = await start(folder, 'run', 'x.yaml').ended;
  expect(code).toBe(4);
  expect(stderr).toContain('RUN_EXITED');
  expect(statusOf(folder)).toMatchObject({ status: 'interrupted' });
});

test.each(['SIGHUP', 'SIGQUIT', 'SIGTERM'] as const)(
  '%s marks the run as interrupted',
  async (signal) => {
    const folder = folderWith('steps: 1000, milliseconds: 10');
    const child = start(folder, 'run', 'x.yaml');
    const events = () => {
      const file = join(runFolder(folder) ?? '', 'events.jsonl');
      return runFolder(folder) !== undefined && existsSync(file) ? readFileSync(file, 'utf8') : '';
    };
    while (!/"stage-started","node":"\w+","stage":"cet"/.test(events())) await sleep(20);
    child.kill(signal);
    expect((await child.ended).code).toBe(130);
    expect(statusOf(folder)).toMatchObject({ status: 'interrupted' });
  },
);
