import { spawn, type ChildProcess } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

import { expect, onTestFinished, test } from 'vitest';

import { workspace } from '../testing/workspace.js';
import { folderLeases } from './folder-leases.js';

const key = 'ab'.repeat(32);
const testing = resolve(import.meta.dirname, '../testing');
/** Milliseconds; the thread that renews writes four times as often. */
const lifetime = 1200;

/** A process that holds the lease, and is busy. */
async function holder(folder: string): Promise<ChildProcess> {
  const child = spawn(
    process.execPath,
    [
      '--import',
      join(testing, 'typescript-loader.js'),
      join(testing, 'lease-child.ts'),
      folder,
      key,
      String(lifetime),
    ],
    { stdio: ['ignore', 'pipe', 'inherit'] },
  );
  onTestFinished(() => void child.kill('SIGKILL'));
  const said = await new Promise((done) => child.stdout.once('data', (text) => done(String(text))));
  expect(said).toBe('held\n');
  return child;
}

const leaseFiles = (folder: string) => readdirSync(folder).filter((name) => name.startsWith(key));

test('a busy process keeps its lease, and loses it when it is killed', async () => {
  const { folder } = workspace();
  const child = await holder(folder);
  let time = 0;
  const leases = folderLeases(folder, lifetime, () => time);
  for (let renewed = 0, before = ''; renewed < 6;) {
    expect(await leases.acquire(key)).toBeUndefined();
    const text = readFileSync(join(folder, `${key}.1`), 'utf8');
    if (text === before) {
      await sleep(20);
      continue;
    }
    before = text;
    renewed++;
    expect(await leases.acquire(key)).toBeUndefined();
    time += 0.6 * lifetime;
  }
  child.kill('SIGKILL');
  await new Promise((done) => child.once('exit', done));
  const lease = await leases.acquire(key);
  expect(lease).toBeDefined();
  expect(leaseFiles(folder)).toEqual([`${key}.2`]);
  await lease!.release();
});
