import { createHash } from 'node:crypto';
import { statSync } from 'node:fs';
import { readFile, stat } from 'node:fs/promises';

import { unreadableFile, UserError } from '@privatesnn/core';

/** Reads a whole file of a model. */
export async function readModelFile(path: string): Promise<Uint8Array> {
  try {
    if (!(await stat(path)).isFile()) throw new Error(`${path} is not an ordinary file`);
    return await readFile(path);
  } catch (cause) {
    throw unreadableFile({
      code: 'MODEL_FILE_MISSING',
      what: 'model file',
      path,
      hint: 'Check the path and the permissions.',
      cause,
    });
  }
}

/** SHA-256 over the contents of files, in that order. */
export async function digestOf(paths: readonly string[]): Promise<string> {
  const hash = createHash('sha256');
  for (const path of paths) {
    const bytes = await readModelFile(path);
    hash.update(`${bytes.length}\n`).update(bytes);
  }
  return hash.digest('hex');
}

/** Times its size that a file takes in memory: itself, its weights as they are read, and in their new order. */
const copies = 3;

/** Demands that a file of a network can be read: it takes a few times its size in memory. */
export function expectMemory(file: string): void {
  const needed = copies * (statSync(file, { throwIfNoEntry: false })?.size ?? 0);
  const free = process.availableMemory();
  if (needed <= free) return;
  const megabytes = (bytes: number) => `${Math.ceil(bytes / 1e6).toLocaleString('en')} MB`;
  throw new UserError(
    'environment',
    'MEMORY_LOW',
    `${file} takes ${megabytes(needed)} of memory while it is read, of which ${megabytes(free)} are free.`,
    { hint: 'Run where there is more memory.', place: { file } },
  );
}

/** Whether an ordinary file is there. */
export async function isFile(path: string): Promise<boolean> {
  return (await stat(path).catch(() => undefined))?.isFile() ?? false;
}
