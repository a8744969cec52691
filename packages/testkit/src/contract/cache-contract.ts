import fc from 'fast-check';
import { describe, expect, it, onTestFinished } from 'vitest';

import { digestOf, type Cache, type CacheEntry } from '@privatesnn/core';

/** A cache that nobody else uses, and its files as they lie. */
export interface CacheHarness {
  /**
   * Opens it, as a process of its own would.
   *
   * @param clock milliseconds of a steady clock
   */
  open(lifetime?: number, clock?: () => number): Cache;
  /** A file by its name in the cache: `objects/ab/ab12…`. */
  read(name: string): Promise<Uint8Array>;
  write(name: string, bytes: Uint8Array): Promise<void>;
  remove(name: string): Promise<void>;
  /** Names of all that there is. */
  names(): Promise<readonly string[]>;
  /** Where a file lies, as errors name it. */
  placeOf(name: string): string;
  /** Makes or changes a lease, as one does who has taken it over. */
  setLease(key: string, text: string): Promise<void>;
  end(): Promise<void>;
}

const day = 24 * 3600 * 1000;
const key = 'ab'.repeat(32);
const otherKey = 'cd'.repeat(32);
const entryName = `keys/ab/${key}.json`;
const objectName = (digest: string) => `objects/${digest.slice(0, 2)}/${digest}`;
const value = { type: 'scalars', values: { x: new Float32Array(1000) } };
/** A holder of a lease on another host. */
const elsewhere = `0123456789ab-1-1-${'0'.repeat(16)}`;

/** An entry: its age in days, and which of a few contents are its outputs. */
const madeEntries = fc.array(
  fc.record({
    age: fc.integer({ min: 0, max: 60 }),
    contents: fc.uniqueArray(fc.nat(5), { minLength: 1, maxLength: 3 }),
    named: fc.boolean(),
  }),
  { maxLength: 8 },
);

/**
 * Declares the tests that every cache must pass, wherever it lies: results, checkpoints, leases, maintenance, and what
 * becomes of files that are damaged or gone. Call it at the top of a test file.
 *
 * @param make makes an empty cache
 */
export function runCacheContract(name: string, make: () => Promise<CacheHarness>): void {
  const started = async () => {
    const at = await make();
    onTestFinished(() => at.end());
    return at;
  };
  const filled = async () => {
    const at = await started();
    const { results } = at.open();
    const stored = await results.put(value);
    const entry = entryOf(key, { metrics: { type: 'scalars', ...stored } });
    await results.commit(entry);
    return { ...at, entry, digest: stored.digest, object: objectName(stored.digest) };
  };
  const truncate = async (at: CacheHarness, file: string) =>
    at.write(file, (await at.read(file)).subarray(0, 50));

  describe(`${name}: results`, () => {
    it('finds what is stored by its key and loads it by its digest', async () => {
      const at = await filled();
      const cache = at.open();
      expect(await cache.results.find(key)).toEqual(at.entry);
      expect(await cache.results.find(otherKey)).toBeUndefined();
      expect(await cache.results.load(at.digest)).toEqual(value);
      expect(await cache.maintenance.list()).toEqual([at.entry]);
      expect(await cache.maintenance.verify(false)).toEqual({ damage: [], leftOver: [] });
    });

    it('gives each who loads a value a copy of its own', async () => {
      const at = await filled();
      const { results } = at.open();
      const first = (await results.load(at.digest)) as typeof value;
      first.values.x.fill(1);
      expect(await results.load(at.digest)).toEqual(value);
    });

    it('finds a truncated object before it is read, and names it', async () => {
      const at = await filled();
      await truncate(at, at.object);
      await expect(at.open().results.find(key)).rejects.toMatchObject({
        code: 'CACHE_CORRUPT',
        place: { file: at.placeOf(at.object) },
        hint: expect.stringContaining('privatesnn cache verify --remove') as string,
      });
      expect(await at.read(at.object)).toHaveLength(50);
    });

    it('does not load an object with one wrong byte, and storing it again repairs it', async () => {
      const at = await filled();
      const bytes = Uint8Array.from(await at.read(at.object));
      bytes[bytes.length - 1]! ^= 1;
      await at.write(at.object, bytes);
      const { results } = at.open();
      await expect(results.load(at.digest)).rejects.toMatchObject({ code: 'CACHE_CORRUPT' });
      await results.put(value);
      expect(await results.load(at.digest)).toEqual(value);
      expect(await at.open().results.load(at.digest)).toEqual(value);
    });

    it.each(['', '{', '{"check":"x","entry":{}}', 'null'])(
      'does not use the entry %j',
      async (text) => {
        const at = await filled();
        await at.write(entryName, Buffer.from(text));
        const corrupt = { code: 'CACHE_CORRUPT', place: { file: at.placeOf(entryName) } };
        await expect(at.open().results.find(key)).rejects.toMatchObject(corrupt);
        expect((await at.open().maintenance.verify(true)).damage).toHaveLength(1);
        expect(await at.open().results.find(key)).toBeUndefined();
      },
    );

    it('takes an entry whose check is that of sorted keys, as earlier versions wrote it', async () => {
      const at = await filled();
      const { entry } = at;
      const write = (changed: CacheEntry) =>
        at.write(
          entryName,
          Buffer.from(JSON.stringify({ check: digestOf(entry), entry: changed })),
        );
      await write(entry);
      expect(await at.open().results.find(key)).toEqual(entry);
      await write({ ...entry, seconds: 2 });
      await expect(at.open().results.find(key)).rejects.toMatchObject({ code: 'CACHE_CORRUPT' });
    });

    it('counts a result whose object is gone as not computed', async () => {
      const at = await filled();
      await at.remove(at.object);
      const { results } = at.open();
      expect(await results.find(key)).toBeUndefined();
      await expect(results.load(at.digest)).rejects.toMatchObject({ code: 'CACHE_CORRUPT' });
    });
  });

  describe(`${name}: checkpoints`, () => {
    it('replace one another, and a damaged one counts as none', async () => {
      const at = await started();
      const { checkpoints } = at.open();
      expect(await checkpoints.load(key)).toBeUndefined();
      await checkpoints.save(key, { epoch: 1 });
      const state = { epoch: 2, weights: new Float32Array([1, 2]) };
      await checkpoints.save(key, state);
      expect(await at.open().checkpoints.load(key)).toEqual(state);
      await truncate(at, `checkpoints/${key}`);
      expect(await checkpoints.load(key)).toBeUndefined();
      await checkpoints.drop(key);
      await checkpoints.drop(key);
      expect(await at.names()).toEqual([]);
    });
  });

  describe(`${name}: leases`, () => {
    it('have one holder at a time, whoever asks', async () => {
      const at = await started();
      const parties = Array.from({ length: 12 }, () => at.open().leases);
      for (let round = 0; round < 3; round++) {
        const leases = await Promise.all(parties.map((party) => party.acquire(key)));
        const held = leases.filter((lease) => lease !== undefined);
        expect(held).toHaveLength(1);
        expect(await parties[0]!.acquire(key)).toBeUndefined();
        await held[0]!.release();
        expect((await at.names()).filter((file) => file.startsWith('leases/'))).toEqual([]);
      }
    });

    it('of different keys are independent', async () => {
      const { leases } = (await started()).open();
      const held = [await leases.acquire(key), await leases.acquire(otherKey)];
      expect(held.every((lease) => lease !== undefined)).toBe(true);
      for (const lease of held) await lease!.release();
    });

    it('of a host that was not heard of expire by the steady clock of who looks', async () => {
      const at = await started();
      const lifetime = 1000;
      let time = 0;
      await at.setLease(key, elsewhere);
      const { leases } = at.open(lifetime, () => time);
      expect(await leases.acquire(key)).toBeUndefined();
      // It is renewed once more: the wait begins anew.
      time += 0.9 * lifetime;
      await at.setLease(key, `${elsewhere} 1`);
      expect(await leases.acquire(key)).toBeUndefined();
      time += 0.9 * lifetime;
      expect(await leases.acquire(key)).toBeUndefined();
      time += 0.2 * lifetime;
      const lease = await leases.acquire(key);
      expect(lease).toBeDefined();
      expect(await at.open().leases.acquire(key)).toBeUndefined();
      await lease!.release();
    });

    it('tell a holder that was taken for dead, which leaves its successor alone', async () => {
      const at = await started();
      const lease = await at.open(1000).leases.acquire(key);
      const lost = new Promise((done) => lease!.lost.addEventListener('abort', done));
      await at.setLease(key, elsewhere);
      await lost;
      await lease!.release();
      expect(await at.open().leases.acquire(key)).toBeUndefined();
      const left = (await at.names()).filter((file) => file.startsWith('leases/'));
      expect(left).toHaveLength(1);
      expect(Buffer.from(await at.read(left[0]!)).toString()).toBe(elsewhere);
    });

    it('that are given back after they were lost leave the successor alone, even unheard', async () => {
      const at = await started();
      // It is renewed so seldom that nobody tells the holder.
      const lease = await at.open(3600_000).leases.acquire(key);
      await at.setLease(key, elsewhere);
      await lease!.release();
      const left = (await at.names()).filter((file) => file.startsWith('leases/'));
      const texts = await Promise.all(left.map((file) => at.read(file)));
      expect(texts.map((text) => Buffer.from(text).toString())).toEqual([elsewhere]);
    });
  });

  describe(`${name}: maintenance`, () => {
    it('removes a damaged object and the entry that needs it', async () => {
      const at = await filled();
      await truncate(at, at.object);
      expect((await at.open().maintenance.verify(false)).damage).toHaveLength(2);
      await expect(at.open().results.find(key)).rejects.toMatchObject({ code: 'CACHE_CORRUPT' });
      const { damage } = await at.open().maintenance.verify(true);
      expect(damage.map(({ file }) => file).sort()).toEqual(
        [at.placeOf(at.object), at.placeOf(entryName)].sort(),
      );
      expect(await at.open().results.find(key)).toBeUndefined();
      expect((await at.open().maintenance.verify(false)).damage).toEqual([]);
      expect(await at.names()).toEqual([]);
    });

    it('keeps what runs name, and all that stays is whole', async () => {
      const property = fc.asyncProperty(
        madeEntries,
        fc.option(fc.integer({ min: 0, max: 60 }), { nil: undefined }),
        fc.option(fc.nat(6000), { nil: undefined }),
        async (entries, days, maxBytes) => {
          const at = await make();
          try {
            await checkCollect(at.open(), entries, days, maxBytes);
          } finally {
            await at.end();
          }
        },
      );
      await fc.assert(property, { numRuns: 25 });
    });

    it('removes checkpoints only where that is said, and only old ones', async () => {
      const { checkpoints, maintenance } = (await started()).open();
      await checkpoints.save(key, { step: 1 });
      const named = { keys: new Set<string>(), digests: new Set<string>() };
      const collect = (also: boolean, olderThan: number) =>
        maintenance.collect({ named, olderThan, checkpoints: also, remove: true });
      await collect(false, -day);
      await collect(true, day);
      expect(await checkpoints.load(key)).toEqual({ step: 1 });
      await collect(true, -day);
      expect(await checkpoints.load(key)).toBeUndefined();
    });

    it('notes runs once, and forgets them when asked', async () => {
      const { maintenance } = (await started()).open();
      for (const run of ['/a', '/b', '/a']) await maintenance.noteRun(run);
      const runs = async () => (await maintenance.runs()).map((run) => run.folder).sort();
      expect(await runs()).toEqual(['/a', '/b']);
      expect((await maintenance.runs()).every(({ here }) => here)).toBe(true);
      await maintenance.forgetRun('/a');
      expect(await runs()).toEqual(['/b']);
    });

    it('clears results and checkpoints, and no notes of runs', async () => {
      const at = await filled();
      const { checkpoints, maintenance } = at.open();
      await checkpoints.save(key, { step: 1 });
      await maintenance.noteRun('/a');
      await maintenance.clear();
      expect(await at.open().results.find(key)).toBeUndefined();
      expect(await at.names()).toEqual([expect.stringMatching(/^runs\//)]);
    });
  });
}

function entryOf(
  own: string,
  outputs: CacheEntry['outputs'],
  created = '2026-01-01T00:00:00.000Z',
): CacheEntry {
  return { key: own, label: 'x (stage y)', seconds: 1, created, warnings: [], outputs };
}

interface MadeEntry {
  readonly age: number;
  readonly contents: readonly number[];
  readonly named: boolean;
}

async function checkCollect(
  cache: Cache,
  entries: readonly MadeEntry[],
  days: number | undefined,
  maxBytes: number | undefined,
): Promise<void> {
  const { results, maintenance } = cache;
  const stored: CacheEntry[] = [];
  for (const [index, { age, contents }] of entries.entries()) {
    const outputs: Record<string, CacheEntry['outputs'][string]> = {};
    for (const content of contents) {
      const one = { type: 'scalars', values: { x: new Float32Array(100 * (content + 1)) } };
      outputs[`o${content}`] = { type: 'scalars', ...(await results.put(one)) };
    }
    const created = new Date(Date.now() - age * day - 60_000).toISOString();
    stored.push(entryOf(index.toString(16).padStart(64, '0'), outputs, created));
    await results.commit(stored.at(-1)!);
  }
  const kept = stored.filter((_, index) => entries[index]!.named);
  const digests = kept.flatMap(({ outputs }) => Object.values(outputs).map((o) => o.digest));
  const named = { keys: new Set(kept.map((entry) => entry.key)), digests: new Set(digests) };
  const olderThan = days === undefined ? undefined : days * day;
  const request = { named, olderThan, maxBytes, checkpoints: false };
  const told = await maintenance.collect({ ...request, remove: false });
  expect(await maintenance.list()).toHaveLength(stored.length);
  expect(await maintenance.collect({ ...request, remove: true })).toEqual(told);

  const left = await maintenance.list();
  expect(left).toHaveLength(stored.length - told.entries.length);
  for (const entry of [...kept, ...left]) expect(await results.find(entry.key)).toBeDefined();
  expect((await maintenance.verify(false)).damage).toEqual([]);
  const free = left.filter((entry) => !named.keys.has(entry.key));
  for (const { created } of free) {
    if (olderThan === undefined) continue;
    expect(Date.now() - Date.parse(created)).toBeLessThan(olderThan + 120_000);
  }
  if (maxBytes !== undefined && free.length > 0) {
    expect(told.kept.bytes).toBeLessThanOrEqual(maxBytes);
  }
}
