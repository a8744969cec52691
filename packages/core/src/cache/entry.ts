import { cacheCorrupt } from '../errors/templates/cache.js';
import type { CacheEntry } from './cache.js';
import { digestOf, sha256 } from './canonical.js';
import { idOf, type Store } from './store.js';

/** An entry as its file holds it: with a digest of its own. */
export function entryText(entry: CacheEntry): string {
  const text = JSON.stringify(entry);
  return `{"check":"${sha256(text)}","entry":${text}}`;
}

/** An entry, or undefined where there is none. Throws CACHE_CORRUPT where it is not whole. */
export async function readEntry(store: Store, name: string): Promise<CacheEntry | undefined> {
  const bytes = await store.read(name);
  if (bytes === undefined) return undefined;
  const entry = parseEntry(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString());
  if (entry?.key !== idOf(name)) {
    throw cacheCorrupt(store.placeOf(name), 'the entry is not whole');
  }
  return entry;
}

function parseEntry(text: string): CacheEntry | undefined {
  try {
    const { check, entry } = JSON.parse(text) as { check: string; entry: CacheEntry };
    // A value that was read from JSON has the text again that it was read from. Earlier versions sorted its keys.
    const sound = sha256(JSON.stringify(entry)) === check || digestOf(entry) === check;
    return sound ? entry : undefined;
  } catch {
    return undefined;
  }
}
