import { readdir } from 'node:fs/promises';
import { join } from 'node:path';

import { writeError, writeWhole, type OpenFile } from './write-whole.js';

/** Where the parts of a cache lie in its folder, and how they are written. */
export interface CacheFiles {
  readonly folder: string;
  keyFile(key: string): string;
  objectFile(digest: string): string;
  checkpointFile(key: string): string;
  /** The note of a run. */
  noteFile(digest: string): string;
  /** Writes a file whole or not at all; what is half-written lies in `asides/`. */
  write(file: string, chunks: readonly Uint8Array[]): Promise<void>;
}

/** @param openFile how files are opened for writing */
export function cacheFiles(folder: string, openFile?: OpenFile): CacheFiles {
  return {
    folder,
    keyFile: (key) => join(folder, 'keys', key.slice(0, 2), `${key}.json`),
    objectFile: (digest) => join(folder, 'objects', digest.slice(0, 2), digest),
    checkpointFile: (key) => join(folder, 'checkpoints', key),
    noteFile: (digest) => join(folder, 'runs', `${digest}.json`),
    write: (file, chunks) => writeWhole(file, chunks, { openFile, asides: join(folder, 'asides') }),
  };
}

/** All files beneath a folder; none where it does not exist. */
export async function filesIn(folder: string): Promise<string[]> {
  const entries = await readdir(folder, { withFileTypes: true, recursive: true }).catch(() => []);
  return entries
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name));
}

export function missingIsUndefined(error: unknown): undefined {
  const { code, path = 'the cache' } = error as NodeJS.ErrnoException;
  if (code === 'ENOENT') return undefined;
  throw writeError(path, error);
}
