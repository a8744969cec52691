import { stat, unlink } from 'node:fs/promises';
import { basename, join } from 'node:path';

import { isAside } from './asides.js';
import type { CacheEntry, Collected, CollectRequest } from './cache.js';
import { filesIn, missingIsUndefined, type CacheFiles } from './files.js';
import { writeError } from './write-whole.js';

/** An object that no entry names may be of an entry that is still being written. */
const orphanMilliseconds = 24 * 3600 * 1000;

interface Found {
  readonly file: string;
  readonly bytes: number;
  readonly age: number;
}

/**
 * Removes entries that are too old or too many, and the objects that then none needs.
 *
 * @param entries all that there are, the oldest first
 */
export async function collect(
  { folder, keyFile }: CacheFiles,
  entries: readonly CacheEntry[],
  { named, olderThan, maxBytes, checkpoints, remove }: CollectRequest,
): Promise<Collected> {
  const now = Date.now();
  const look = async (part: string): Promise<Map<string, Found>> => {
    const found = new Map<string, Found>();
    for (const file of await filesIn(join(folder, part))) {
      const info = isAside(basename(file)) ? undefined : await stat(file).catch(missingIsUndefined);
      if (info) found.set(basename(file), { file, bytes: info.size, age: now - info.mtimeMs });
    }
    return found;
  };
  const objects = await look('objects');
  /** How many entries need an object. */
  const needed = new Map<string, number>();
  const digests = ({ outputs }: CacheEntry) =>
    new Set(Object.values(outputs).map(({ digest }) => digest));
  const count = (entry: CacheEntry, by: 1 | -1) => {
    for (const digest of digests(entry)) needed.set(digest, (needed.get(digest) ?? 0) + by);
  };
  for (const entry of entries) count(entry, 1);
  let bytes = [...objects.values()].reduce((sum, object) => sum + object.bytes, 0);

  const going = new Map<string, Found>();
  const drop = (digest: string, object: Found) => {
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
    for (const [key, found] of await look('checkpoints')) {
      if (found.age > olderThan) going.set(`checkpoint ${key}`, found);
    }
  }

  if (remove) {
    // Entries first: none may name an object that is gone.
    for (const { key } of gone) await removeFile(keyFile(key));
    for (const { file } of going.values()) await removeFile(file);
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

async function removeFile(file: string): Promise<void> {
  await unlink(file).catch((error: unknown) => {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw writeError(file, error);
  });
}
