import type { BigIntStats, Dirent } from 'node:fs';
import { readdir, readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';

import { headOf } from '@privatesnn/core';

import type { FileTree } from './file-tree.js';
import { unreadable } from './files.js';
import { isHidden } from './hidden.js';
import { assertFits, entryBytes } from './memory.js';

/** The files of a folder and of the folders below it; links are followed. */
export async function openFolderTree(path: string, maxMegabytes: number): Promise<FileTree> {
  const names: string[] = [];
  const folders: string[] = [];
  const brokenLinks: string[] = [];

  /** @param above the folders that lead here, as the file system knows them */
  const walk = async (prefix: string, above: readonly string[]): Promise<void> => {
    for (const entry of await entriesOf(join(path, prefix))) {
      if (isHidden(entry.name)) continue;
      const name = prefix === '' ? entry.name : `${prefix}/${entry.name}`;
      // What the folder says of an ordinary file is enough: a dataset has a hundred thousand of them.
      if (entry.isFile()) names.push(name);
      else if (entry.isDirectory() || entry.isSymbolicLink()) {
        const found = await stat(join(path, name), { bigint: true }).catch(() => undefined);
        if (found?.isFile()) names.push(name);
        else if (!found?.isDirectory() || above.includes(identity(found))) brokenLinks.push(name);
        else {
          folders.push(name);
          await walk(name, [...above, identity(found)]);
        }
      }
    }
    const count = names.length + folders.length;
    assertFits({ bytes: count * entryBytes, what: `${count} files`, file: path, maxMegabytes });
  };
  await walk('', [identity(await stat(path, { bigint: true }))]);

  return {
    path,
    names: names.sort(),
    folders: folders.sort(),
    brokenLinks: brokenLinks.sort(),
    async read(name, check) {
      const file = join(path, name);
      try {
        const { size } = await stat(file);
        assertFits({ bytes: size, what: `${size} bytes`, file, maxMegabytes });
        check?.(headOf(file));
        return await readFile(file);
      } catch (error) {
        throw (error as NodeJS.ErrnoException).syscall ? unreadable(file, error) : error;
      }
    },
    close: () => undefined,
  };
}

async function entriesOf(folder: string): Promise<Dirent[]> {
  return readdir(folder, { withFileTypes: true }).catch((cause: unknown) => {
    throw unreadable(folder, cause);
  });
}

function identity({ dev, ino }: BigIntStats): string {
  return `${dev}:${ino}`;
}
