import { createHash } from 'node:crypto';
import { createReadStream, readFileSync, statSync } from 'node:fs';
import { readdir, rm, stat, unlink } from 'node:fs/promises';
import { basename, join, relative, sep } from 'node:path';
import { pipeline } from 'node:stream/promises';

import { isAside, isLeftOver, sweepAsides } from './asides.js';
import type { Store } from './store.js';
import { writeError, writeWhole, type OpenFile } from './write-whole.js';

/**
 * The files of a cache in a folder, each under its own name; what is half-written lies in `asides/`.
 *
 * @param openFile how files are opened for writing
 */
export function folderStore(folder: string, openFile?: OpenFile): Store {
  const placeOf = (name: string) => join(folder, name);
  const nameOf = (file: string) => relative(folder, file).split(sep).join('/');
  return {
    location: folder,
    parallel: 1,
    placeOf,

    bytesOf: async (name) => ifThere(() => statSync(placeOf(name)))?.size,

    read: async (name) => ifThere(() => readFileSync(placeOf(name))),

    async holds(name, digest, bytes) {
      const file = placeOf(name);
      const found = await stat(file).catch(missingIsUndefined);
      return found?.size === bytes && (await fileDigest(file)) === digest;
    },

    write: (name, chunks) =>
      writeWhole(placeOf(name), chunks, { openFile, asides: placeOf('asides') }),

    async remove(name) {
      await unlink(placeOf(name)).catch(missingIsUndefined);
    },

    async list(part) {
      const now = Date.now();
      const files = (await filesIn(placeOf(part))).filter((file) => !isAside(basename(file)));
      return files.flatMap((file) => {
        const info = ifThere(() => statSync(file));
        return info ? [{ name: nameOf(file), bytes: info.size, age: now - info.mtimeMs }] : [];
      });
    },

    async clear(part) {
      const path = placeOf(part);
      await rm(path, { recursive: true, force: true }).catch((error: unknown) => {
        throw writeError(path, error);
      });
    },

    sweep: () => sweepAsides(placeOf('asides')),

    async halfWritten() {
      const names: string[] = [];
      for (const file of await filesIn(folder)) {
        if (isAside(basename(file)) && (await isLeftOver(file))) names.push(nameOf(file));
      }
      return names;
    },
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

function missingIsUndefined(error: unknown): undefined {
  const { code, path = 'the cache' } = error as NodeJS.ErrnoException;
  if (code === 'ENOENT') return undefined;
  throw writeError(path, error);
}

/** All files beneath a folder; none where it does not exist. */
async function filesIn(folder: string): Promise<string[]> {
  const entries = await readdir(folder, { withFileTypes: true, recursive: true }).catch(() => []);
  return entries
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name));
}

async function fileDigest(file: string): Promise<string | undefined> {
  const hash = createHash('sha256');
  try {
    await pipeline(createReadStream(file), hash);
    return hash.digest('hex');
  } catch {
    return undefined;
  }
}
