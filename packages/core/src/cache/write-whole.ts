import { closeSync, mkdirSync, openSync, renameSync, unlinkSync, writeSync } from 'node:fs';
import { open, mkdir, rename, unlink, type FileHandle } from 'node:fs/promises';
import { dirname, join } from 'node:path';

import { diskFull, notWritable } from '../errors/templates/cache.js';
import { openFilesError } from '../errors/open-files.js';
import { asideName, sweepAsides } from './asides.js';

/** How files are opened; tests put a full disk in its place. */
export type OpenFile = (path: string, flags: string) => Promise<FileHandle>;

export interface WriteOptions {
  readonly openFile?: OpenFile | undefined;
  /** Whether the content must be on the disk before the file gets its name; true unless said. */
  readonly durable?: boolean;
  /** Folder of the half-written file, on the same file system; the file's own when left out. */
  readonly asides?: string;
}

/** Folders in which this process has looked for what others left half-written. */
const swept = new Set<string>();

/**
 * Writes a file whole or not at all: aside, under a name that nobody else makes, then renamed. The first write into a
 * folder removes what writers that are gone left in it.
 *
 * @throws UserError when the disk is full or the folder cannot be written
 */
export async function writeWhole(
  path: string,
  chunks: readonly Uint8Array[],
  options: WriteOptions = {},
): Promise<void> {
  const asides = options.asides ?? dirname(path);
  const once = options.durable === false ? writeQuickly : writeOnce;
  try {
    if (!swept.has(asides)) await makeAndSweep(asides);
    await once(path, asides, chunks, options).catch(async (error: unknown) => {
      // Somebody cleared the folder in between.
      if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
      await makeAndSweep(asides);
      await once(path, asides, chunks, options);
    });
  } catch (error) {
    throw writeError(path, error);
  }
}

async function makeAndSweep(asides: string): Promise<void> {
  // Where it is made here, nobody has left anything in it.
  const made = mkdirSync(asides, { recursive: true });
  if (made === undefined) await sweepAsides(asides);
  swept.add(asides);
}

/** Without the detour through other threads, which costs more than a small file itself. */
async function writeQuickly(
  path: string,
  asides: string,
  chunks: readonly Uint8Array[],
): Promise<void> {
  if (dirname(path) !== asides) mkdirSync(dirname(path), { recursive: true });
  const aside = join(asides, asideName());
  const file = openSync(aside, 'wx');
  try {
    try {
      for (const chunk of chunks) writeAll(file, chunk);
    } finally {
      closeSync(file);
    }
    renameSync(aside, path);
  } catch (error) {
    try {
      unlinkSync(aside);
    } catch {
      // The first error counts.
    }
    throw error;
  }
}

function writeAll(file: number, bytes: Uint8Array): void {
  for (let at = 0; at < bytes.length;) at += writeSync(file, bytes, at);
}

async function writeOnce(
  path: string,
  asides: string,
  chunks: readonly Uint8Array[],
  { openFile = open }: WriteOptions,
): Promise<void> {
  await mkdir(dirname(path), { recursive: true });
  const aside = join(asides, asideName());
  // What cannot be opened is not ours to remove.
  const file = await openFile(aside, 'wx');
  try {
    try {
      for (const chunk of chunks) if (chunk.length > 0) await file.writeFile(chunk);
      await file.sync();
    } finally {
      await file.close();
    }
    await rename(aside, path);
  } catch (error) {
    await unlink(aside).catch(() => undefined);
    throw error;
  }
}

const notWritableCodes = new Set(
  'EACCES EPERM EROFS EEXIST EISDIR ENOTDIR ENOENT ELOOP ENAMETOOLONG'.split(' '),
);

/** The error that a user sees when writing failed. */
export function writeError(path: string, error: unknown): unknown {
  const code = (error as NodeJS.ErrnoException).code ?? '';
  if (code === 'ENOSPC' || code === 'EDQUOT' || code === 'EFBIG') return diskFull(path, error);
  if (notWritableCodes.has(code)) return notWritable(path, error);
  return openFilesError(code, error) ?? error;
}
