import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { setTimeout as sleep } from 'node:timers/promises';

import { afterEach, beforeEach, expect, onTestFinished, test, vi } from 'vitest';

import { openS3Cache } from './open.js';
import { fakeS3, type FakeS3 } from './testing/fake-s3.js';
import { environment } from './testing/harness.js';

const key = 'ab'.repeat(32);
/** Milliseconds; the thread that renews writes four times as often. */
const lifetime = 1200;
const object = `cache/leases/${key}`;

let fake: FakeS3;
beforeEach(async () => {
  fake = await fakeS3();
  for (const [name, value] of Object.entries(environment(fake.endpoint))) vi.stubEnv(name, value);
});
afterEach(async () => {
  vi.unstubAllEnvs();
  await fake.end();
});

const leases = (clock?: () => number) =>
  openS3Cache('s3://b/cache', { lifetime, ...(clock ? { clock } : {}) }).leases;

test('a busy process keeps its lease, and loses it when it is killed', async () => {
  const core = fileURLToPath(new URL('../../core/src/testing/', import.meta.url));
  const child = spawn(
    process.execPath,
    [
      '-C',
      '@privatesnn/source',
      '--import',
      `${core}typescript-loader.js`,
      fileURLToPath(new URL('./testing/hold-lease.ts', import.meta.url)),
      's3://b/cache',
      key,
      String(lifetime),
    ],
    { stdio: ['ignore', 'pipe', 'inherit'], env: { ...process.env } },
  );
  onTestFinished(() => void child.kill('SIGKILL'));
  const said = await new Promise((done) => child.stdout.once('data', (text) => done(String(text))));
  expect(said).toBe('held\n');
  let time = 0;
  const own = leases(() => time);
  for (let renewed = 0, before = ''; renewed < 6;) {
    expect(await own.acquire(key)).toBeUndefined();
    const text = fake.objects.get(object)!.bytes.toString();
    if (text === before) {
      await sleep(20);
      continue;
    }
    before = text;
    renewed++;
    expect(await own.acquire(key)).toBeUndefined();
    time += 0.6 * lifetime;
  }
  child.kill('SIGKILL');
  await new Promise((done) => child.once('exit', done));
  const lease = await own.acquire(key);
  expect(lease).toBeDefined();
  await lease!.release();
  expect(fake.objects.has(object)).toBe(false);
});

test('a lease whose answer was lost is had all the same, and a renewal whose answer was lost loses none', async () => {
  let cut = 0;
  fake.fault = (method, at) =>
    method === 'PUT' && at === object && cut++ % 2 === 0 ? 'cut after' : undefined;
  const lease = await leases().acquire(key);
  expect(lease).toBeDefined();
  const beats = () => fake.objects.get(object)!.bytes.toString().split(' ')[1];
  while (Number(beats() ?? 0) < 4) await sleep(20);
  expect(lease!.lost.aborted).toBe(false);
  fake.fault = () => undefined;
  await lease!.release();
  expect(fake.objects.has(object)).toBe(false);
});

test('a lease that someone removed is lost', async () => {
  const lease = await leases().acquire(key);
  fake.objects.delete(object);
  await new Promise((done) => lease!.lost.addEventListener('abort', done));
});

test('a store that does not heed conditions is refused, also one that knows none', async () => {
  fake.conditions = false;
  const refused = { code: 'S3_NO_CONDITIONS', errorClass: 'environment' };
  await expect(leases().acquire(key)).rejects.toMatchObject(refused);
  fake.fault = (method) => (method === 'PUT' ? { status: 501, code: 'NotImplemented' } : undefined);
  await expect(leases().acquire(key)).rejects.toMatchObject(refused);
  expect([...fake.objects.keys()]).toEqual([]);
});

test('conditions are probed once', async () => {
  const own = leases();
  for (let round = 0; round < 3; round++) await (await own.acquire(key))!.release();
  const probes = fake.requests.filter((text) => text.includes('/probe-'));
  expect(probes).toHaveLength(5);
});
