import { afterEach, beforeEach, expect, test, vi } from 'vitest';

import { openS3Cache } from './open.js';
import { fakeS3, type Fault, type FakeS3 } from './testing/fake-s3.js';
import { environment } from './testing/harness.js';

const key = 'ab'.repeat(32);
const value = { x: new Float32Array(100) };

let fake: FakeS3;
beforeEach(async () => {
  fake = await fakeS3();
  for (const [name, text] of Object.entries(environment(fake.endpoint))) vi.stubEnv(name, text);
});
afterEach(async () => {
  vi.unstubAllEnvs();
  await fake.end();
});

/** All that a user may read of an error. */
const textOf = (error: unknown) => {
  const { message, hint, stack, cause, place } = error as Error & {
    hint?: string;
    place?: unknown;
  };
  return JSON.stringify([message, hint, stack, String(cause), place]);
};

const denied: Fault = { status: 403, code: 'AccessDenied' };
const cases: readonly [string, Fault, 'put' | 'find', string][] = [
  ['a bucket that is not there', { status: 404, code: 'NoSuchBucket' }, 'find', 'S3_NO_BUCKET'],
  ['a bucket that is not there', { status: 404, code: 'NoSuchBucket' }, 'put', 'S3_NO_BUCKET'],
  ['no right to read', denied, 'find', 'S3_DENIED'],
  ['no right to write', denied, 'put', 'NOT_WRITABLE'],
  ['an unknown key', { status: 403, code: 'InvalidAccessKeyId' }, 'find', 'S3_DENIED'],
  ['a wrong secret', { status: 403, code: 'SignatureDoesNotMatch' }, 'put', 'S3_DENIED'],
  ['no room', { status: 507, code: 'InsufficientStorage' }, 'put', 'DISK_FULL'],
  ['a quota', { status: 403, code: 'QuotaExceeded' }, 'put', 'DISK_FULL'],
  ['an object too large', { status: 400, code: 'EntityTooLarge' }, 'put', 'S3_FAILED'],
];

test.each(cases)('%s: %j in %s is %s', async (_, fault, what, code) => {
  fake.fault = () => fault;
  const { results } = openS3Cache('s3://b/cache');
  const error: unknown = await (what === 'put' ? results.put(value) : results.find(key)).then(
    () => 'fine',
    (reason: unknown) => reason,
  );
  expect(error).toMatchObject({ code, errorClass: 'environment' });
  expect(textOf(error)).toContain('s3://b/cache');
  expect(textOf(error)).not.toContain('secret-words');
  // What does not pass is not tried again.
  expect(fake.requests).toHaveLength(1);
});

test('no credentials and no region are said', async () => {
  vi.stubEnv('AWS_ACCESS_KEY_ID', undefined);
  const find = () => openS3Cache('s3://b/cache').results.find(key);
  await expect(find()).rejects.toMatchObject({ code: 'S3_NO_CREDENTIALS' });
  vi.stubEnv('AWS_REGION', undefined);
  await expect(find()).rejects.toMatchObject({ code: 'S3_NO_REGION' });
});

test.each<Fault>([
  'cut',
  'cut after',
  { status: 503, code: 'SlowDown' },
  { status: 500, code: 'InternalError' },
  { status: 429, code: 'TooManyRequests' },
])('a store that answers %j is asked again', async (fault) => {
  const cache = openS3Cache('s3://b/cache');
  let faults = 0;
  fake.fault = () => (faults++ % 2 === 0 ? fault : undefined);
  const { digest } = await cache.results.put(value);
  expect(await openS3Cache('s3://b/cache').results.load(digest)).toEqual(value);
  await cache.checkpoints.save(key, { step: 1 });
  expect(await cache.checkpoints.load(key)).toEqual({ step: 1 });
  await cache.maintenance.noteRun('/a');
  expect(await cache.maintenance.runs()).toHaveLength(1);
});

test('a store that stays away is told once, and given up in the end', async () => {
  const told: string[] = [];
  const warn = (message: string) => void told.push(message);
  const cache = openS3Cache('s3://b/cache', { unknown: 4000, warn });
  fake.fault = () => 'cut';
  const both = await Promise.allSettled([cache.results.find(key), cache.results.put(value)]);
  for (const one of both) {
    expect(one).toMatchObject({ status: 'rejected', reason: { code: 'S3_UNREACHABLE' } });
  }
  expect(told).toEqual([expect.stringMatching(/^s3:\/\/b\/cache does not answer/)]);
  fake.fault = () => undefined;
  await cache.results.find(key);
  expect(told.at(-1)).toBe('s3://b/cache answers again.');
});

test('verify tells a store that it cannot read from one that is damaged', async () => {
  const { digest } = await openS3Cache('s3://b/cache').results.put(value);
  fake.fault = (method, at) => (method === 'GET' && at.endsWith(digest) ? denied : undefined);
  const { maintenance } = openS3Cache('s3://b/cache');
  await expect(maintenance.verify(true)).rejects.toMatchObject({ code: 'S3_DENIED' });
  expect(fake.objects.size).toBe(1);
});

test('what was found is not asked for again', async () => {
  const first = openS3Cache('s3://b/cache');
  const stored = await first.results.put(value);
  const outputs = { o: { type: 'scalars' as const, ...stored } };
  const entry = { key, label: 'x', seconds: 1, created: '2026-01-01', warnings: [], outputs };
  await first.results.commit(entry);
  const { results } = openS3Cache('s3://b/cache');
  const before = fake.requests.length;
  for (let round = 0; round < 3; round++) {
    expect(await results.find(key)).toEqual(entry);
    expect(await results.load(stored.digest)).toEqual(value);
  }
  expect(fake.requests.slice(before).map((text) => text.split(' ')[0])).toEqual([
    'GET',
    'HEAD',
    'GET',
  ]);
});

test('an object that came damaged is asked for again', async () => {
  const { digest } = await openS3Cache('s3://b/cache').results.put(value);
  const name = [...fake.objects.keys()][0]!;
  const whole = fake.objects.get(name)!;
  const { results } = openS3Cache('s3://b/cache');
  fake.objects.set(name, { ...whole, bytes: Buffer.alloc(whole.bytes.length) });
  await expect(results.load(digest)).rejects.toMatchObject({ code: 'CACHE_CORRUPT' });
  fake.objects.set(name, whole);
  expect(await results.load(digest)).toEqual(value);
});
