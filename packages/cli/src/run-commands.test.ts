import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

import { expect, test } from 'vitest';

import { folderWith } from './testing/folder.js';
import { start } from './testing/start.js';

/** Waits until the trainer of the only run in a folder works, and returns the run's name. */
async function working(folder: string): Promise<string> {
  for (;;) {
    await sleep(30);
    const [run] = existsSync(join(folder, 'runs')) ? readdirSync(join(folder, 'runs')) : [];
    const file = join(folder, 'runs', run ?? '', 'events.jsonl');
    const events = run !== undefined && existsSync(file) ? readFileSync(file, 'utf8') : '';
    if (/"stage-started","node":"\w+","stage":"cet"/.test(events)) return run!;
  }
}

const json = (text: string) => JSON.parse(text) as Record<string, unknown>;

test('a run is watched, and ended from elsewhere', async () => {
  const folder = folderWith('steps: 10000, milliseconds: 100');
  const run = start(folder, 'run', 'x.yaml', '--jobs', '1');
  const name = await working(folder);
  const status = await start(folder, 'status', 'last', '--json').ended;
  expect(json(status.stdout)).toMatchObject({
    name: 'x',
    status: 'running',
    stages: { count: 5, finished: 3, working: [{ stage: 'cet' }] },
    jobs: [{ name: 'x', status: 'waiting' }],
  });
  const gc = await start(folder, 'cache', 'gc', '--older-than', '0', '--remove').ended;
  expect([gc.code, gc.stderr]).toEqual([2, expect.stringContaining('RUN_WORKS')]);
  const again = await start(folder, 'resume', name).ended;
  expect([again.code, again.stderr]).toEqual([2, expect.stringContaining('RUN_HELD')]);
  const cancelled = await start(folder, 'cancel', 'x-').ended;
  expect(cancelled).toMatchObject({
    code: 0,
    stdout: expect.stringContaining(`To go on: privatesnn resume ${name}`) as string,
  });
  expect((await run.ended).code).toBe(130);
  expect((await start(folder, 'cancel', name).ended).stdout).toContain('is interrupted');
  const list = await start(folder, 'status').ended;
  expect(list.stdout).toMatch(new RegExp(`^${name} +interrupted +3/5 stages +0/1 jobs`));
});

test('a run whose processes were killed is dead, and goes on', async () => {
  const folder = folderWith('steps: 20, milliseconds: 100');
  const child = start(folder, 'run', 'x.yaml');
  const name = await working(folder);
  child.kill('SIGKILL');
  await child.ended;
  // The processes beneath it end within a second.
  let shown = '';
  for (let tries = 0; tries < 20 && !shown.includes('dead'); tries++) {
    await sleep(200);
    shown = (await start(folder, 'status', name).ended).stdout;
  }
  expect(shown).toContain('its process is gone');
  expect(shown).toContain('cut off');
  expect(shown).toContain(`privatesnn resume ${name}`);
  const { code, stdout } = await start(folder, 'resume', name).ended;
  expect([code, stdout]).toEqual([0, 'x: 20.700000762939453\n']);
  expect(readdirSync(join(folder, 'runs'))).toEqual([name]);
  const logs = await start(folder, 'logs', name, 'x').ended;
  expect(logs.stdout.match(/cet: starts/g)).toHaveLength(2);
  expect((await start(folder, 'resume', name).ended).stderr).toContain('is finished already');
});

test('why, and what gc removes', async () => {
  const folder = folderWith();
  await start(folder, 'run', 'x.yaml', '--quiet').ended;
  const why = (...argv: string[]) => start(folder, 'why', 'x.yaml', ...argv).ended;
  expect((await why('cet')).stdout).toContain('in the cache');
  const changed = await why('cet', 'dc.scale=0.5');
  expect(changed.stdout).toContain('- option scale: 0.7 there, 0.5 here');
  expect(changed.stdout).toContain('its key is known only after dc');
  expect(await why('cat')).toMatchObject({
    code: 2,
    stderr: expect.stringContaining('Did you mean "cet"?') as string,
  });

  const gc = (...argv: string[]) =>
    start(folder, 'cache', 'gc', '--older-than', '0', ...argv).ended;
  expect((await gc('--remove')).stdout).toContain('0 results and 0 files');
  const [run] = readdirSync(join(folder, 'runs'));
  // The run no longer names what a reader has taken out of its files.
  writeFileSync(join(folder, 'runs', run!, 'events.jsonl'), '');
  const file = join(folder, 'runs', run!, 'manifest.json');
  const manifest = json(readFileSync(file, 'utf8'));
  writeFileSync(
    file,
    JSON.stringify({ ...manifest, stages: (manifest['stages'] as object[]).slice(1) }),
  );
  expect((await gc()).stdout).toContain('Nothing was removed yet');
  expect((await gc('--remove')).stdout).toContain('1 result and 2 files');
  expect((await start(folder, 'cache', 'list').ended).stdout).toContain('4 results');
  expect((await start(folder, 'cache', 'gc').ended).code).toBe(2);
});
