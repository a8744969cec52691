import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { fc, test } from '@fast-check/vitest';
import { expect } from 'vitest';

import type { Cache, CacheEntry } from './cache.js';
import { openCache } from './open.js';

const day = 24 * 3600 * 1000;

/** An entry: its age in days, and which of a few contents are its outputs. */
const made = fc.record({
  age: fc.integer({ min: 0, max: 60 }),
  contents: fc.uniqueArray(fc.nat(5), { minLength: 1, maxLength: 3 }),
  named: fc.boolean(),
});

async function fill(cache: Cache, entries: readonly { age: number; contents: number[] }[]) {
  const stored: CacheEntry[] = [];
  for (const [index, { age, contents }] of entries.entries()) {
    const outputs: Record<string, CacheEntry['outputs'][string]> = {};
    for (const content of contents) {
      const value = { type: 'scalars', values: { x: new Float32Array(100 * (content + 1)) } };
      outputs[`o${content}`] = { type: 'scalars', ...(await cache.results.put(value)) };
    }
    const key = index.toString(16).padStart(64, '0');
    const created = new Date(Date.now() - age * day - 60_000).toISOString();
    stored.push({ key, label: 'x (stage y)', seconds: 1, created, warnings: [], outputs });
    await cache.results.commit(stored.at(-1)!);
  }
  return stored;
}

test.prop(
  [
    fc.array(made, { maxLength: 8 }),
    fc.option(fc.integer({ min: 0, max: 60 }), { nil: undefined }),
    fc.option(fc.nat(6000), { nil: undefined }),
  ],
  { numRuns: 40 },
)(
  'what runs name stays, what stays is whole, what is too old or too much goes',
  async (entries, days, maxBytes) => {
    const folder = mkdtempSync(join(tmpdir(), 'privatesnn-gc-'));
    try {
      const cache = openCache(folder);
      const stored = await fill(cache, entries);
      const kept = stored.filter((_, index) => entries[index]!.named);
      const named = {
        keys: new Set(kept.map(({ key }) => key)),
        digests: new Set(
          kept.flatMap(({ outputs }) => Object.values(outputs).map((o) => o.digest)),
        ),
      };
      const olderThan = days === undefined ? undefined : days * day;
      const request = { named, olderThan, maxBytes, checkpoints: false };
      const told = await cache.maintenance.collect({ ...request, remove: false });
      expect(await cache.maintenance.list()).toHaveLength(stored.length);
      expect(await cache.maintenance.collect({ ...request, remove: true })).toEqual(told);

      const left = await cache.maintenance.list();
      expect(left).toHaveLength(stored.length - told.entries.length);
      for (const { key } of kept) expect(await cache.results.find(key)).toBeDefined();
      for (const { key } of left) expect(await cache.results.find(key)).toBeDefined();
      expect((await cache.maintenance.verify(false)).damage).toEqual([]);
      const free = left.filter(({ key }) => !named.keys.has(key));
      for (const { created } of free) {
        if (olderThan !== undefined)
          expect(Date.now() - Date.parse(created)).toBeLessThan(olderThan + 120_000);
      }
      if (maxBytes !== undefined && free.length > 0) {
        expect(told.kept.bytes).toBeLessThanOrEqual(maxBytes);
      }
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  },
);

test('checkpoints go only where that is said, and only old ones', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'privatesnn-gc-'));
  try {
    const cache = openCache(folder);
    const key = 'ab'.repeat(32);
    await cache.checkpoints.save(key, { step: 1 });
    const named = { keys: new Set<string>(), digests: new Set<string>() };
    const collect = (checkpoints: boolean, olderThan: number) =>
      cache.maintenance.collect({ named, olderThan, checkpoints, remove: true });
    await collect(false, -1);
    await collect(true, day);
    expect(await cache.checkpoints.load(key)).toEqual({ step: 1 });
    await collect(true, -1);
    expect(await cache.checkpoints.load(key)).toBeUndefined();
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
});

test('runs are noted once, and forgotten when asked', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'privatesnn-gc-'));
  try {
    const { maintenance } = openCache(folder);
    for (const run of ['/a', '/b', '/a']) await maintenance.noteRun(run);
    const runs = async () => (await maintenance.runs()).map((run) => run.folder).sort();
    expect(await runs()).toEqual(['/a', '/b']);
    expect((await maintenance.runs()).every(({ here }) => here)).toBe(true);
    await maintenance.forgetRun('/a');
    expect(await runs()).toEqual(['/b']);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
});
