import { UserError } from '../contracts/error.js';
import type { CacheEntry, Damage, Maintenance } from './cache.js';
import { collect } from './collect.js';
import { readEntry } from './entry.js';
import { isDeadLease } from './lease-watch.js';
import { loadObject } from './results.js';
import { runNotes } from './run-notes.js';
import { forEachOf, idOf, objectName, type Store } from './store.js';

/** Objects may be large: no more of them are read at a time. */
const objectsAtOnce = 4;

/** Looks after a cache. */
export function storedMaintenance(store: Store): Maintenance {
  const list = async () => {
    const entries: CacheEntry[] = [];
    await forEachOf(await store.list('keys'), store.parallel, async ({ name }) => {
      const entry = await readEntry(store, name).catch(undefinedWhereDamaged);
      if (entry) entries.push(entry);
    });
    return entries.sort((a, b) => (a.created < b.created ? -1 : 1));
  };
  return {
    list,
    ...runNotes(store),
    collect: async (request) => collect(store, await list(), request),

    async verify(remove) {
      const damage: Damage[] = [];
      const report = async (name: string, what: string) => {
        damage.push({ file: store.placeOf(name), what });
        if (remove) await store.remove(name);
      };
      // A run may replace or remove something meanwhile.
      const isThere = async (name: string) => (await store.bytesOf(name)) !== undefined;

      const sound = new Set<string>();
      const broken = new Set<string>();
      const objects = await store.list('objects');
      const objectsParallel = Math.min(store.parallel, objectsAtOnce);
      await forEachOf(objects, objectsParallel, async ({ name }) => {
        const loaded = loadObject(store, name).then(() => true);
        if (await loaded.catch(undefinedWhereDamaged)) {
          sound.add(idOf(name));
        } else if (await isThere(name)) {
          broken.add(idOf(name));
          await report(name, 'its content does not fit its digest');
        }
      });
      await forEachOf(await store.list('keys'), store.parallel, async ({ name }) => {
        const entry = await readEntry(store, name).catch(undefinedWhereDamaged);
        if (!entry) {
          if (await isThere(name)) await report(name, 'the entry is not whole');
          return;
        }
        for (const { digest } of Object.values(entry.outputs)) {
          if (sound.has(digest)) continue;
          if (!broken.has(digest) && (await isThere(objectName(digest)))) continue;
          return report(name, `an output of ${entry.label} is damaged or gone`);
        }
      });

      const names = await store.halfWritten();
      for (const file of await store.list('leases')) {
        if (isDeadLease(await store.read(file.name), file.age)) names.push(file.name);
      }
      if (remove) for (const name of names) await store.remove(name);
      return { damage, leftOver: names.map((name) => store.placeOf(name)) };
    },

    sweep: () => store.sweep(),

    async clear() {
      for (const part of ['keys', 'objects', 'checkpoints'] as const) await store.clear(part);
    },
  };
}

/** A store that cannot be reached, or read, is not damaged. */
function undefinedWhereDamaged(error: unknown): undefined {
  if (error instanceof UserError && error.code !== 'CACHE_CORRUPT') throw error;
}
