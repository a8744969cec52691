import { open } from 'node:fs/promises';
import { readdirSync, readFileSync, statSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { expect, test } from 'vitest';

import { workspace } from '../testing/workspace.js';
import { openCache, type CacheEntry, type CacheStore } from './store.js';
import type { OpenFile } from './write-whole.js';

const key = 'ab'.repeat(32);

async function filled(
  folder: string,
): Promise<{ store: CacheStore; entry: CacheEntry; object: string }> {
  const store = openCache(folder);
  const stored = await store.put({ type: 'scalars', values: { x: new Float32Array(1000) } });
  const entry: CacheEntry = {
    key,
    label: 'x (stage y)',
    seconds: 1,
    created: '2026-01-01T00:00:00.000Z',
    warnings: [],
    outputs: { metrics: { type: 'scalars', ...stored } },
  };
  await store.commit(entry);
  return {
    store,
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
  const { store, entry } = await filled(workspace().folder);
  expect(await store.find(key)).toEqual(entry);
  expect(await store.find('cd'.repeat(32))).toBeUndefined();
  expect(await store.load(entry.outputs['metrics']!.digest)).toEqual({
    type: 'scalars',
    values: { x: new Float32Array(1000) },
  });
  expect(await store.list()).toEqual([entry]);
  expect(await store.verify(false)).toEqual([]);
});

test('a truncated object is an error that names the file, before it is read', async () => {
  const { store, object } = await filled(workspace().folder);
  truncateSync(object, 100);
  await expect(store.find(key)).rejects.toMatchObject({
    code: 'CACHE_CORRUPT',
    place: { file: object },
    hint: expect.stringContaining('privatesnn cache verify --remove') as string,
  });
  expect(statSync(object).size).toBe(100);
});

test('an object with one wrong byte is an error when it is loaded', async () => {
  const { store, entry, object } = await filled(workspace().folder);
  const bytes = readFileSync(object);
  bytes[bytes.length - 1]! ^= 1;
  writeFileSync(object, bytes);
  expect(await code(store.load(entry.outputs['metrics']!.digest))).toBe('CACHE_CORRUPT');
});

test.each(['', '{', '{"check":"x","entry":{}}', 'null'])(
  'the entry %j is damaged',
  async (text) => {
    const { store } = await filled(workspace().folder);
    writeFileSync(join(store.folder, 'keys', 'ab', `${key}.json`), text);
    expect(await code(store.find(key))).toBe('CACHE_CORRUPT');
    expect(await store.verify(true)).toHaveLength(1);
    expect(await store.find(key)).toBeUndefined();
  },
);

test('verify --remove takes the damaged object and the entry that needs it', async () => {
  const { store, object } = await filled(workspace().folder);
  truncateSync(object, 100);
  expect(await store.verify(false)).toHaveLength(2);
  expect(await code(store.find(key))).toBe('CACHE_CORRUPT');
  expect(await store.verify(true)).toHaveLength(2);
  expect(await store.find(key)).toBeUndefined();
  expect(await store.verify(false)).toEqual([]);
});

test('an object that was deleted counts as not computed', async () => {
  const { store, object } = await filled(workspace().folder);
  (await import('node:fs')).unlinkSync(object);
  expect(await store.find(key)).toBeUndefined();
});

test('checkpoints replace one another, and a damaged one counts as none', async () => {
  const store = openCache(workspace().folder);
  expect(await store.loadCheckpoint(key)).toBeUndefined();
  await store.saveCheckpoint(key, { epoch: 1 });
  await store.saveCheckpoint(key, { epoch: 2, weights: new Float32Array([1, 2]) });
  expect(await store.loadCheckpoint(key)).toEqual({ epoch: 2, weights: new Float32Array([1, 2]) });
  truncateSync(join(store.folder, 'checkpoints', key), 50);
  expect(await store.loadCheckpoint(key)).toBeUndefined();
  await store.dropCheckpoint(key);
  expect(readdirSync(join(store.folder, 'checkpoints'))).toEqual([]);
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
  const store = openCache(at.folder, fullDisk);
  await expect(store.put({ x: new Float32Array(1000) })).rejects.toMatchObject({
    code: 'DISK_FULL',
    errorClass: 'environment',
  });
  const left = readdirSync(at.folder, { recursive: true, withFileTypes: true });
  expect(left.filter((entry) => entry.isFile())).toEqual([]);
});
