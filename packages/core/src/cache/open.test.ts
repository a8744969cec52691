import { open } from 'node:fs/promises';
import { readdirSync, readFileSync, statSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { expect, test } from 'vitest';

import { workspace } from '../testing/workspace.js';
import type { Cache, CacheEntry } from './cache.js';
import { digestOf } from './canonical.js';
import { openCache } from './open.js';
import type { OpenFile } from './write-whole.js';

const key = 'ab'.repeat(32);

async function filled(
  folder: string,
): Promise<{ cache: Cache; entry: CacheEntry; object: string }> {
  const cache = openCache(folder);
  const stored = await cache.results.put({
    type: 'scalars',
    values: { x: new Float32Array(1000) },
  });
  const entry: CacheEntry = {
    key,
    label: 'x (stage y)',
    seconds: 1,
    created: '2026-01-01T00:00:00.000Z',
    warnings: [],
    outputs: { metrics: { type: 'scalars', ...stored } },
  };
  await cache.results.commit(entry);
  return {
    cache,
    entry,
    object: join(folder, 'objects', stored.digest.slice(0, 2), stored.digest),
  };
}

const code = (promise: Promise<unknown>) =>
  promise.then(
    () => 'fine',
    (error: { code?: string }) => error.code,
  );

test('what is stored is found by its key and loaded by its digest', async () => {
  const { cache, entry } = await filled(workspace().folder);
  expect(await cache.results.find(key)).toEqual(entry);
  expect(await cache.results.find('cd'.repeat(32))).toBeUndefined();
  expect(await cache.results.load(entry.outputs['metrics']!.digest)).toEqual({
    type: 'scalars',
    values: { x: new Float32Array(1000) },
  });
  expect(await cache.maintenance.list()).toEqual([entry]);
  expect((await cache.maintenance.verify(false)).damage).toEqual([]);
});

test('a truncated object is an error that names the file, before it is read', async () => {
  const { cache, object } = await filled(workspace().folder);
  truncateSync(object, 100);
  await expect(cache.results.find(key)).rejects.toMatchObject({
    code: 'CACHE_CORRUPT',
    place: { file: object },
    hint: expect.stringContaining('privatesnn cache verify --remove') as string,
  });
  expect(statSync(object).size).toBe(100);
});

test('an object with one wrong byte is an error when it is loaded', async () => {
  const { cache, entry, object } = await filled(workspace().folder);
  const bytes = readFileSync(object);
  bytes[bytes.length - 1]! ^= 1;
  writeFileSync(object, bytes);
  expect(await code(cache.results.load(entry.outputs['metrics']!.digest))).toBe('CACHE_CORRUPT');
});

test.each(['', '{', '{"check":"x","entry":{}}', 'null'])(
  'the entry %j is damaged',
  async (text) => {
    const { cache } = await filled(workspace().folder);
    writeFileSync(join(cache.location, 'keys', 'ab', `${key}.json`), text);
    expect(await code(cache.results.find(key))).toBe('CACHE_CORRUPT');
    expect((await cache.maintenance.verify(true)).damage).toHaveLength(1);
    expect(await cache.results.find(key)).toBeUndefined();
  },
);

test('an entry whose check is that of sorted keys is sound, as earlier versions wrote it', async () => {
  const { cache, entry } = await filled(workspace().folder);
  const file = join(cache.location, 'keys', 'ab', `${key}.json`);
  writeFileSync(file, JSON.stringify({ check: digestOf(entry), entry }));
  expect(await cache.results.find(key)).toEqual(entry);
  writeFileSync(file, JSON.stringify({ check: digestOf(entry), entry: { ...entry, seconds: 2 } }));
  expect(await code(cache.results.find(key))).toBe('CACHE_CORRUPT');
});

test('verify --remove takes the damaged object and the entry that needs it', async () => {
  const { cache, object } = await filled(workspace().folder);
  truncateSync(object, 100);
  expect((await cache.maintenance.verify(false)).damage).toHaveLength(2);
  expect(await code(cache.results.find(key))).toBe('CACHE_CORRUPT');
  expect((await cache.maintenance.verify(true)).damage).toHaveLength(2);
  expect(await cache.results.find(key)).toBeUndefined();
  expect((await cache.maintenance.verify(false)).damage).toEqual([]);
});

test('an object that was deleted counts as not computed', async () => {
  const { cache, object } = await filled(workspace().folder);
  (await import('node:fs')).unlinkSync(object);
  expect(await cache.results.find(key)).toBeUndefined();
});

test('checkpoints replace one another, and a damaged one counts as none', async () => {
  const cache = openCache(workspace().folder);
  expect(await cache.checkpoints.load(key)).toBeUndefined();
  await cache.checkpoints.save(key, { epoch: 1 });
  await cache.checkpoints.save(key, { epoch: 2, weights: new Float32Array([1, 2]) });
  expect(await cache.checkpoints.load(key)).toEqual({
    epoch: 2,
    weights: new Float32Array([1, 2]),
  });
  truncateSync(join(cache.location, 'checkpoints', key), 50);
  expect(await cache.checkpoints.load(key)).toBeUndefined();
  await cache.checkpoints.drop(key);
  expect(readdirSync(join(cache.location, 'checkpoints'))).toEqual([]);
});

/** A disk on which the second write of each file finds no space. */
const fullDisk: OpenFile = async (path, flags) => {
  const file = await open(path, flags);
  let writes = 0;
  const write = file.writeFile.bind(file);
  file.writeFile = (async (...args: Parameters<typeof write>) => {
    if (++writes === 2) throw Object.assign(new Error('no space left'), { code: 'ENOSPC' });
    return write(...args);
  }) as typeof file.writeFile;
  return file;
};

test('a full disk is a clear error, and nothing half-written is left', async () => {
  const at = workspace();
  const cache = openCache(at.folder, fullDisk);
  await expect(cache.results.put({ x: new Float32Array(1000) })).rejects.toMatchObject({
    code: 'DISK_FULL',
    errorClass: 'environment',
  });
  const left = readdirSync(at.folder, { recursive: true, withFileTypes: true });
  expect(left.filter((entry) => entry.isFile())).toEqual([]);
});
