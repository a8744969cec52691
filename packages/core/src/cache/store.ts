import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { readdir, readFile, rm, stat, unlink } from 'node:fs/promises';
import { basename, join } from 'node:path';

import type { ArtefactType } from '../contracts/artefacts.js';
import { cacheCorrupt } from '../errors/templates/cache.js';
import { digestOf } from './canonical.js';
import { decode, encode } from './codec.js';
import { writeError, writeWhole, type OpenFile } from './write-whole.js';

/** One output of a finished stage. */
export interface StoredOutput {
  readonly type: ArtefactType;
  readonly digest: string;
  readonly bytes: number;
}

/** What the cache knows of a finished stage. */
export interface CacheEntry {
  readonly key: string;
  /** For people: "threshold-balancing (stage dc)". */
  readonly label: string;
  readonly seconds: number;
  /** When it was computed, ISO 8601. */
  readonly created: string;
  /** What the stage warned of while it was computed. */
  readonly warnings: readonly string[];
  readonly outputs: Readonly<Record<string, StoredOutput>>;
}

/** A damaged file and what is wrong with it. */
export interface Damage {
  readonly file: string;
  readonly what: string;
}

/**
 * The content-addressed cache in one folder: `keys/` says which outputs a stage's key has, `objects/` holds
 * them by digest, `checkpoints/` the state of unfinished stages by key.
 */
export interface CacheStore {
  readonly folder: string;
  /** The entry of a key, or undefined. Throws CACHE_CORRUPT when the entry or one of its files is damaged. */
  find(key: string): Promise<CacheEntry | undefined>;
  /** Stores a value and returns its digest and size. */
  put(value: unknown): Promise<{ digest: string; bytes: number }>;
  /** Loads a value and checks its digest. Throws CACHE_CORRUPT. */
  load(digest: string): Promise<unknown>;
  commit(entry: CacheEntry): Promise<void>;
  saveCheckpoint(key: string, state: unknown): Promise<void>;
  /** The last checkpoint of a key; a damaged one counts as none, for it only saves time. */
  loadCheckpoint(key: string): Promise<unknown>;
  dropCheckpoint(key: string): Promise<void>;
  list(): Promise<CacheEntry[]>;
  /** Reads everything and reports what is damaged; with `remove`, deletes it and the entries that need it. */
  verify(remove: boolean): Promise<Damage[]>;
  clear(): Promise<void>;
}

/** @param openFile how files are opened for writing */
export function openCache(folder: string, openFile?: OpenFile): CacheStore {
  const keyFile = (key: string) => join(folder, 'keys', key.slice(0, 2), `${key}.json`);
  const objectFile = (digest: string) => join(folder, 'objects', digest.slice(0, 2), digest);
  const checkpointFile = (key: string) => join(folder, 'checkpoints', key);

  async function readEntry(file: string): Promise<CacheEntry | undefined> {
    const text = await readFile(file, 'utf8').catch(missingIsUndefined);
    if (text === undefined) return undefined;
    const entry = parseEntry(text);
    if (entry?.key !== basename(file, '.json')) throw cacheCorrupt(file, 'the entry is not whole');
    return entry;
  }

  async function loadFile(file: string, digest: string): Promise<unknown> {
    const bytes = await readFile(file);
    if (createHash('sha256').update(bytes).digest('hex') !== digest) {
      throw cacheCorrupt(file, 'its content does not fit its digest');
    }
    return decode(bytes);
  }

  return {
    folder,

    async find(key) {
      const entry = await readEntry(keyFile(key));
      for (const { digest, bytes } of Object.values(entry?.outputs ?? {})) {
        const file = objectFile(digest);
        const found = await stat(file).catch(missingIsUndefined);
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
      if (found?.size !== bytes) await writeWhole(file, chunks, { openFile });
      return { digest, bytes };
    },

    async load(digest) {
      const file = objectFile(digest);
      if (!existsSync(file)) throw cacheCorrupt(file, 'the file is gone');
      return loadFile(file, digest);
    },

    commit: (entry) =>
      writeWhole(keyFile(entry.key), [Buffer.from(entryText(entry))], { openFile }),

    async saveCheckpoint(key, state) {
      const { chunks, digest } = encode(state);
      await writeWhole(checkpointFile(key), [Buffer.from(digest, 'hex'), ...chunks], { openFile });
    },

    async loadCheckpoint(key) {
      const bytes = await readFile(checkpointFile(key)).catch(missingIsUndefined);
      if (bytes === undefined || bytes.length < 32) return undefined;
      const content = bytes.subarray(32);
      const digest = createHash('sha256').update(content).digest();
      return digest.equals(bytes.subarray(0, 32)) ? decode(content) : undefined;
    },

    dropCheckpoint: (key) => rm(checkpointFile(key), { force: true }),

    async list() {
      const entries: CacheEntry[] = [];
      for (const file of await filesIn(join(folder, 'keys'))) {
        const entry = await readEntry(file).catch(() => undefined);
        if (entry) entries.push(entry);
      }
      return entries.sort((a, b) => (a.created < b.created ? -1 : 1));
    },

    async verify(remove) {
      const damage: Damage[] = [];
      const broken = new Set<string>();
      const report = async (file: string, what: string) => {
        damage.push({ file, what });
        if (remove) await unlink(file).catch(() => undefined);
      };
      for (const file of await filesIn(join(folder, 'objects'))) {
        try {
          await loadFile(file, basename(file));
        } catch {
          broken.add(basename(file));
          await report(file, 'its content does not fit its digest');
        }
      }
      for (const file of await filesIn(join(folder, 'keys'))) {
        const entry = await readEntry(file).catch(() => undefined);
        if (!entry) await report(file, 'the entry is not whole');
        else if (
          Object.values(entry.outputs).some(
            ({ digest }) => broken.has(digest) || !existsSync(objectFile(digest)),
          )
        ) {
          await report(file, `an output of ${entry.label} is damaged or gone`);
        }
      }
      return damage;
    },

    async clear() {
      for (const part of ['keys', 'objects', 'checkpoints']) {
        await rm(join(folder, part), { recursive: true, force: true });
      }
    },
  };
}

function entryText(entry: CacheEntry): string {
  return JSON.stringify({ check: digestOf(entry), entry });
}

function parseEntry(text: string): CacheEntry | undefined {
  try {
    const { check, entry } = JSON.parse(text) as { check: string; entry: CacheEntry };
    return digestOf(entry) === check ? entry : undefined;
  } catch {
    return undefined;
  }
}

async function filesIn(folder: string): Promise<string[]> {
  const entries = await readdir(folder, { withFileTypes: true, recursive: true }).catch(() => []);
  return entries
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name));
}

function missingIsUndefined(error: unknown): undefined {
  const { code, path = 'the cache' } = error as NodeJS.ErrnoException;
  if (code === 'ENOENT') return undefined;
  throw writeError(path, error);
}
