import { readdir, readFile, stat } from 'node:fs/promises';
import { join, relative, sep } from 'node:path';

import type { Entry } from 'yauzl';

import { UserError } from '@privatesnn/core';

import { fileDigest, sha256 } from './files.js';

/** Files by relative name ("train/cat/1.png"), in a folder or a zip; each is read when it is wanted. */
export interface FileTree {
  readonly path: string;
  readonly names: readonly string[];
  /** @throws UserError where the file is missing or damaged */
  read(name: string): Promise<Uint8Array>;
  close(): void;
}

/** Opens what is at a path that exists; throws a UserError where it is neither a folder nor a whole zip file. */
export async function openFileTree(path: string): Promise<FileTree> {
  return (await isFolder(path)) ? openFolder(path) : openZip(path);
}

/**
 * A digest that changes when a file does: of a zip its content; of a folder the names, sizes and modification
 * times of its files, since reading a hundred thousand files takes long.
 */
export async function fileTreeDigest(path: string): Promise<string> {
  if (!(await isFolder(path))) return fileDigest(path);
  const lines: string[] = [];
  for (const name of await listFolder(path)) {
    const { size, mtimeMs } = await stat(join(path, name));
    lines.push(`${name}\0${size}\0${mtimeMs}`);
  }
  return sha256(lines.join('\n'));
}

async function isFolder(path: string): Promise<boolean> {
  return (await stat(path)).isDirectory();
}

async function listFolder(path: string): Promise<string[]> {
  const entries = await readdir(path, { recursive: true, withFileTypes: true });
  return entries
    .filter((entry) => entry.isFile())
    .map((entry) => relative(path, join(entry.parentPath, entry.name)).split(sep).join('/'))
    .sort();
}

async function openFolder(path: string): Promise<FileTree> {
  return {
    path,
    names: await listFolder(path),
    read: (name) =>
      readFile(join(path, name)).catch((cause: unknown) => {
        throw missing(`${path}/${name}`, cause);
      }),
    close: () => undefined,
  };
}

async function openZip(path: string): Promise<FileTree> {
  const { openPromise } = await import('yauzl');
  const zip = await openPromise(path, { lazyEntries: true, autoClose: false }).catch(
    (cause: unknown) => {
      throw damaged(path, cause);
    },
  );
  const entries = new Map<string, Entry>();
  try {
    for await (const entry of zip.eachEntry()) {
      if (!entry.fileName.endsWith('/')) entries.set(entry.fileName, entry);
    }
  } catch (cause) {
    zip.close();
    throw damaged(path, cause);
  }
  return {
    path,
    names: [...entries.keys()],
    async read(name) {
      const entry = entries.get(name);
      if (!entry) throw missing(`${path}: ${name}`);
      try {
        const chunks: Buffer[] = [];
        for await (const chunk of await zip.openReadStreamPromise(entry)) {
          chunks.push(chunk as Buffer);
        }
        return Buffer.concat(chunks);
      } catch (cause) {
        throw damaged(`${path}: ${name}`, cause);
      }
    },
    close: () => zip.close(),
  };
}

function missing(file: string, cause?: unknown): UserError {
  return new UserError('data', 'DATASET_FILE_MISSING', `Cannot read ${file}.`, {
    hint: 'Check that the dataset is complete and readable.',
    place: { file },
    cause,
  });
}

function damaged(file: string, cause: unknown): UserError {
  const reason = cause instanceof Error ? cause.message : String(cause);
  return new UserError(
    'data',
    'DATASET_FILE_CORRUPT',
    `${file} is not a whole zip file (${reason}).`,
    { hint: 'The file is truncated or damaged; fetch it again.', place: { file }, cause },
  );
}
