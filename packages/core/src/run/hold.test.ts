import { spawnSync } from 'node:child_process';
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { expect, test } from 'vitest';

import { leaseMilliseconds, leaseWatch } from '../cache/lease-watch.js';
import { workspace } from '../testing/workspace.js';
import { holdRun, runWatch } from './hold.js';

test('whoever watches a run sees it work, end, and be taken up again', async () => {
  const { folder } = workspace();
  const watch = runWatch(folder);
  expect(watch()).toBe('ended');
  const lease = await holdRun(folder);
  expect(watch()).toBe('works');
  await lease.release();
  expect(watch()).toBe('ended');
  const next = await holdRun(folder);
  expect(watch()).toBe('works');
  await next.release();
});

test('a run whose process was killed is gone: at once here, after a minute elsewhere', async () => {
  const { folder } = workspace();
  const lease = await holdRun(folder);
  const [name] = readdirSync(folder);
  const file = join(folder, name!);
  const text = readFileSync(file, 'utf8');
  let now = 0;
  const watch = runWatch(
    folder,
    leaseWatch(leaseMilliseconds, () => now),
  );
  const { pid } = spawnSync('true');
  writeFileSync(file, text.replace(/-\d+-/, `-${pid}-`));
  expect(watch()).toBe('gone');
  writeFileSync(file, text.replace(/^\w{12}/, '0'.repeat(12)));
  expect(watch()).toBe('works');
  now = leaseMilliseconds;
  expect(watch()).toBe('works');
  now += 1;
  expect(watch()).toBe('gone');
  await lease.release();
});
