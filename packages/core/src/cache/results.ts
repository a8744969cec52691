import { createHash } from 'node:crypto';
import { createReadStream, existsSync, readFileSync, statSync } from 'node:fs';
import { stat } from 'node:fs/promises';
import { basename } from 'node:path';
import { pipeline } from 'node:stream/promises';

import { cacheCorrupt } from '../errors/templates/cache.js';
import type { CacheEntry, Results } from './cache.js';
import { digestOf } from './canonical.js';
import { decode, encode } from './codec.js';
import { missingIsUndefined, type CacheFiles } from './files.js';

/** Results in a folder: `keys/` says which outputs a stage's key has, `objects/` holds them by digest. */
export function folderResults({ keyFile, objectFile, write }: CacheFiles): Results {
  return {
    async find(key) {
      const entry = await readEntry(keyFile(key));
      for (const { digest, bytes } of Object.values(entry?.outputs ?? {})) {
        const file = objectFile(digest);
        const found = ifThere(() => statSync(file));
        if (!found) return undefined;
        if (found.size !== bytes) {
          throw cacheCorrupt(file, `it should have ${bytes} bytes and has ${found.size}`);
        }
      }
      return entry;
    },

    async put(value) {
      const { chunks, digest, bytes } = encode(value);
      const file = objectFile(digest);
      const found = await stat(file).catch(missingIsUndefined);
      const sound = found?.size === bytes && (await fileDigest(file)) === digest;
      if (!sound) await write(file, chunks);
      return { digest, bytes };
    },

    async load(digest) {
      const file = objectFile(digest);
      if (!existsSync(file)) throw cacheCorrupt(file, 'the file is gone');
      return loadObject(file);
    },

    commit: (entry) => write(keyFile(entry.key), [Buffer.from(entryText(entry))]),
  };
}

/**
 * Calls of the system for small files, at once: a run that finds all in the cache makes thousands of them, and the
 * detour through other threads costs more than they do.
 */
function ifThere<T>(read: () => T): T | undefined {
  try {
    return read();
  } catch (error) {
    return missingIsUndefined(error);
  }
}

/** An entry, or undefined where there is none. Throws CACHE_CORRUPT where it is not whole. */
export async function readEntry(file: string): Promise<CacheEntry | undefined> {
  const text = ifThere(() => readFileSync(file, 'utf8'));
  if (text === undefined) return undefined;
  const entry = parseEntry(text);
  if (entry?.key !== basename(file, '.json')) throw cacheCorrupt(file, 'the entry is not whole');
  return entry;
}

/** The value of an object file, which its digest names. */
export async function loadObject(file: string): Promise<unknown> {
  const bytes = readFileSync(file);
  if (sha256(bytes) !== basename(file)) {
    throw cacheCorrupt(file, 'its content does not fit its digest');
  }
  return decode(bytes);
}

const sha256 = (content: string | Uint8Array) => createHash('sha256').update(content).digest('hex');

async function fileDigest(file: string): Promise<string | undefined> {
  const hash = createHash('sha256');
  try {
    await pipeline(createReadStream(file), hash);
    return hash.digest('hex');
  } catch {
    return undefined;
  }
}

function entryText(entry: CacheEntry): string {
  const text = JSON.stringify(entry);
  return `{"check":"${sha256(text)}","entry":${text}}`;
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
