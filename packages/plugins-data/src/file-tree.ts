import { stat } from 'node:fs/promises';

import { fileDigest, filesDigest, fileKind, headOf, wrongFile } from '@privatesnn/core';

import { openFolderTree } from './folder-tree.js';
import { openZipTree } from './zip-tree.js';

/**
 * Files by relative name ("train/cat/1.png"), in a folder or a zip; each is read when it is wanted. What a file manager
 * hides is left out.
 */
export interface FileTree {
  readonly path: string;
  readonly names: readonly string[];
  /** Folders by relative name; the root is not among them. */
  readonly folders: readonly string[];
  /** Links that lead nowhere, or to a folder that they lie in. */
  readonly brokenLinks: readonly string[];
  /**
   * @param check looks at the file's first bytes, and throws where the rest need not be read
   * @throws UserError where the file is missing, damaged, or larger than may be held
   */
  read(name: string, check?: (head: Uint8Array) => void): Promise<Uint8Array>;
  close(): void;
}

/**
 * Opens what is at a path that exists.
 *
 * @param maxMegabytes how much the list of files, or one file, may take in memory
 * @throws UserError where it is neither a folder nor a whole zip file
 */
export async function openFileTree(path: string, maxMegabytes: number): Promise<FileTree> {
  if (await isFolder(path)) return openFolderTree(path, maxMegabytes);
  if (fileKind(headOf(path))?.id === 'zip') return openZipTree(path, maxMegabytes);
  throw wrongFile({
    code: 'DATASET_FILE_CORRUPT',
    file: path,
    head: headOf(path),
    expected: 'a folder of pictures, or a zip of one',
    kinds: [],
    problem: 'its first bytes are those of no zip archive',
    give: 'Give the folder of the whole dataset, or a zip of it.',
    hint: 'Give the folder of the whole dataset, or a zip of it.',
  });
}

/** A digest of the tree's content: of a zip its bytes, of a folder the names and contents of its files. */
export async function fileTreeDigest(path: string, maxMegabytes: number): Promise<string> {
  if (!(await isFolder(path))) return fileDigest(path);
  const { names } = await openFolderTree(path, maxMegabytes);
  return filesDigest(path, names);
}

async function isFolder(path: string): Promise<boolean> {
  return (await stat(path)).isDirectory();
}
