import { spawn, type ChildProcess } from 'node:child_process';
import { readdirSync, readFileSync, utimesSync, writeFileSync } from 'node:fs';
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

test('a key has one holder at a time, whoever asks', async () => {
  const { folder } = workspace();
  const parties = Array.from({ length: 20 }, () => folderLeases(folder, lifetime));
  for (let round = 0; round < 5; round++) {
    const leases = await Promise.all(parties.map((party) => party.acquire(key)));
    const held = leases.filter((lease) => lease !== undefined);
    expect(held).toHaveLength(1);
    await held[0]!.release();
    expect(leaseFiles(folder)).toEqual([]);
  }
});

test('leases of different keys are independent', async () => {
  const leases = folderLeases(workspace().folder, lifetime);
  const held = [await leases.acquire(key), await leases.acquire('cd'.repeat(32))];
  expect(held.every((lease) => lease !== undefined)).toBe(true);
  for (const lease of held) await lease!.release();
});

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

const elsewhere = `0123456789ab-1-1-${'0'.repeat(16)}`;

test('the lease of a host that was not heard of expires, whatever its clock says', async () => {
  const { folder } = workspace();
  const file = join(folder, `${key}.7`);
  writeFileSync(file, elsewhere);
  const future = new Date(Date.now() + 3600_000);
  utimesSync(file, future, future);
  let time = 0;
  const leases = folderLeases(folder, lifetime, () => time);
  expect(await leases.acquire(key)).toBeUndefined();
  // It is renewed once more: the wait begins anew.
  time += 0.9 * lifetime;
  writeFileSync(file, `${elsewhere} 1`);
  expect(await leases.acquire(key)).toBeUndefined();
  time += 0.9 * lifetime;
  expect(await leases.acquire(key)).toBeUndefined();
  time += 0.2 * lifetime;
  const lease = await leases.acquire(key);
  expect(leaseFiles(folder)).toEqual([`${key}.8`]);
  await lease!.release();
});

test('a holder that was taken for dead is told, and leaves the lease of its successor alone', async () => {
  const { folder } = workspace();
  const lease = await folderLeases(folder, lifetime).acquire(key);
  // Another took over while this one could not be heard.
  writeFileSync(join(folder, `${key}.2`), elsewhere);
  await new Promise((done) => lease!.lost.addEventListener('abort', done, { once: true }));
  await lease!.release();
  expect(readFileSync(join(folder, `${key}.2`), 'utf8')).toBe(elsewhere);
});
