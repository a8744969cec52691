import { cacheCorrupt } from '../errors/templates/cache.js';
import type { Results } from './cache.js';
import { sha256 } from './canonical.js';
import { decode, encode } from './codec.js';
import { entryText, readEntry } from './entry.js';
import { entryName, idOf, objectName, type Store } from './store.js';

/** Results in a store: `keys/` says which outputs a stage's key has, `objects/` holds them by digest. */
export function storedResults(store: Store): Results {
  return {
    async find(key) {
      const entry = await readEntry(store, entryName(key));
      const outputs = Object.values(entry?.outputs ?? {});
      const found = await Promise.all(
        outputs.map(({ digest }) => store.bytesOf(objectName(digest))),
      );
      for (const [index, { digest, bytes }] of outputs.entries()) {
        if (found[index] === undefined) return undefined;
        if (found[index] !== bytes) {
          const what = `it should have ${bytes} bytes and has ${found[index]}`;
          throw cacheCorrupt(store.placeOf(objectName(digest)), what);
        }
      }
      return entry;
    },

    async put(value) {
      const { chunks, digest, bytes } = encode(value);
      const name = objectName(digest);
      if (!(await store.holds(name, digest, bytes))) await store.write(name, chunks);
      return { digest, bytes };
    },

    load: (digest) => loadObject(store, objectName(digest)),

    commit: (entry) => store.write(entryName(entry.key), [Buffer.from(entryText(entry))]),
  };
}

/** The value of an object, which its digest names. Throws CACHE_CORRUPT. */
export async function loadObject(store: Store, name: string): Promise<unknown> {
  const bytes = await store.read(name);
  if (bytes === undefined) throw cacheCorrupt(store.placeOf(name), 'the file is gone');
  if (sha256(bytes) !== idOf(name)) {
    throw cacheCorrupt(store.placeOf(name), 'its content does not fit its digest');
  }
  return decode(bytes);
}
