import type { CacheEntry, Collected, CollectRequest } from './cache.js';
import { entryName, forEachOf, idOf, type Store, type StoredFile } from './store.js';

/** An object that no entry names may be of an entry that is still being written. */
const orphanMilliseconds = 24 * 3600 * 1000;

/**
 * Removes entries that are too old or too many, and the objects that then none needs.
 *
 * @param entries all that there are, the oldest first
 */
export async function collect(
  store: Store,
  entries: readonly CacheEntry[],
  { named, olderThan, maxBytes, checkpoints, remove }: CollectRequest,
): Promise<Collected> {
  const now = Date.now();
  const objects = new Map((await store.list('objects')).map((file) => [idOf(file.name), file]));
  /** How many entries need an object. */
  const needed = new Map<string, number>();
  const digests = ({ outputs }: CacheEntry) =>
    new Set(Object.values(outputs).map(({ digest }) => digest));
  const count = (entry: CacheEntry, by: 1 | -1) => {
    for (const digest of digests(entry)) needed.set(digest, (needed.get(digest) ?? 0) + by);
  };
  for (const entry of entries) count(entry, 1);
  let bytes = [...objects.values()].reduce((sum, object) => sum + object.bytes, 0);

  const going = new Map<string, StoredFile>();
  const drop = (digest: string, object: StoredFile) => {
    if (named.digests.has(digest) || going.has(digest)) return;
    going.set(digest, object);
    bytes -= object.bytes;
  };
  for (const [digest, object] of objects) {
    if (!needed.has(digest) && object.age > orphanMilliseconds) drop(digest, object);
  }
  const free = entries.filter(({ key }) => !named.keys.has(key));
  const gone: CacheEntry[] = [];
  for (const entry of free) {
    const old = olderThan !== undefined && now - Date.parse(entry.created) > olderThan;
    const tooMany = maxBytes !== undefined && bytes > maxBytes;
    if (!old && !tooMany) continue;
    gone.push(entry);
    count(entry, -1);
    for (const digest of digests(entry)) {
      const object = objects.get(digest);
      if (object && needed.get(digest) === 0) drop(digest, object);
    }
  }
  if (checkpoints && olderThan !== undefined) {
    for (const file of await store.list('checkpoints')) {
      if (file.age > olderThan) going.set(file.name, file);
    }
  }

  if (remove) {
    // Entries first: none may name an object that is gone.
    await forEachOf(gone, store.parallel, ({ key }) => store.remove(entryName(key)));
    await forEachOf([...going.values()], store.parallel, ({ name }) => store.remove(name));
  }
  const freed = [...going.values()].reduce((sum, object) => sum + object.bytes, 0);
  const kept = entries.length - gone.length;
  return {
    entries: gone,
    files: going.size,
    bytes: freed,
    kept: { entries: kept, named: entries.length - free.length, bytes },
  };
}
