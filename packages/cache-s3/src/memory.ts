import { createHash } from 'node:crypto';

import type { Store } from '@privatesnn/core';
import { LRUCache } from 'lru-cache';

const mebi = 2 ** 20;

/**
 * A store that asks for entries and objects once: they never change. What others remove meanwhile is still found, which
 * a run may expect anyway: nothing is collected while one works.
 */
export function withMemory(store: Store): Store {
  const contents = new LRUCache<string, Uint8Array>({
    maxSize: 128 * mebi,
    maxEntrySize: 64 * mebi,
    sizeCalculation: (bytes) => bytes.length + 1,
  });
  /** Of objects that are there. */
  const sizes = new Map<string, number>();
  const isObject = (name: string) => name.startsWith('objects/');
  const keep = (name: string, bytes: Uint8Array) => {
    if (isObject(name)) sizes.set(name, bytes.length);
    else if (!name.startsWith('keys/')) return;
    contents.set(name, bytes);
  };
  return {
    ...store,

    async bytesOf(name) {
      const known = sizes.get(name);
      if (known !== undefined) return known;
      const bytes = await store.bytesOf(name);
      if (bytes !== undefined && isObject(name)) sizes.set(name, bytes);
      return bytes;
    },

    async read(name) {
      const known = contents.get(name);
      if (known) return known.slice();
      const bytes = await store.read(name);
      // What came damaged may come whole the next time.
      if (bytes && (!isObject(name) || isWhole(name, bytes))) keep(name, bytes.slice());
      return bytes;
    },

    async write(name, chunks) {
      await store.write(name, chunks);
      keep(name, Uint8Array.from(Buffer.concat(chunks)));
    },

    async remove(name) {
      contents.delete(name);
      sizes.delete(name);
      await store.remove(name);
    },
  };
}

/** Whether an object's content fits its digest, which it is called by. */
function isWhole(name: string, bytes: Uint8Array): boolean {
  return name.endsWith(`/${createHash('sha256').update(bytes).digest('hex')}`);
}
