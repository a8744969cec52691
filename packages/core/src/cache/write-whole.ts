import { open, mkdir, rename, unlink, type FileHandle } from 'node:fs/promises';
import { dirname, join } from 'node:path';

import { diskFull, notWritable } from '../errors/templates/cache.js';

/** How files are opened; tests put a full disk in its place. */
export type OpenFile = (path: string, flags: string) => Promise<FileHandle>;

export interface WriteOptions {
  readonly openFile?: OpenFile | undefined;
  /** Whether the content must be on the disk before the file gets its name; true unless said. */
  readonly durable?: boolean;
}

let counter = 0;

/**
 * Writes a file whole or not at all: aside, then renamed.
 *
 * @throws UserError when the disk is full or the folder cannot be written
 */
export async function writeWhole(
  path: string,
  chunks: readonly Uint8Array[],
  { openFile = open, durable = true }: WriteOptions = {},
): Promise<void> {
  const aside = join(dirname(path), `.aside-${process.pid}-${counter++}`);
  try {
    await mkdir(dirname(path), { recursive: true });
    const file = await openFile(aside, 'wx');
    try {
      for (const chunk of chunks) if (chunk.length > 0) await file.writeFile(chunk);
      if (durable) await file.sync();
    } finally {
      await file.close();
    }
    await rename(aside, path);
  } catch (error) {
    await unlink(aside).catch(() => undefined);
    throw writeError(path, error);
  }
}

const notWritableCodes = new Set(
  'EACCES EPERM EROFS EEXIST EISDIR ENOTDIR ENOENT ELOOP ENAMETOOLONG'.split(' '),
);

/** The error that a user sees when writing failed. */
export function writeError(path: string, error: unknown): unknown {
  const code = (error as NodeJS.ErrnoException).code ?? '';
  if (code === 'ENOSPC' || code === 'EDQUOT' || code === 'EFBIG') return diskFull(path, error);
  return notWritableCodes.has(code) ? notWritable(path, error) : error;
}
