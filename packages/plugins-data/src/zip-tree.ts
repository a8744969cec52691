import { stat } from 'node:fs/promises';
import { dirname } from 'node:path/posix';
import { crc32 } from 'node:zlib';

import type { Entry, ZipFile } from 'yauzl';

import { UserError } from '@privatesnn/core';

import type { FileTree } from './file-tree.js';
import { deflateRatio } from './files.js';
import { isHidden } from './hidden.js';
import { assertFits, entryBytes } from './memory.js';

/** The files of a zip; they are unpacked one at a time. */
export async function openZipTree(path: string, maxMegabytes: number): Promise<FileTree> {
  const { openPromise } = await import('yauzl');
  const { size } = await stat(path);
  const zip = await openPromise(path, { lazyEntries: true, autoClose: false }).catch(() => {
    throw damaged(path, 'its directory is missing or damaged');
  });
  try {
    const entries = await list(zip, path, maxMegabytes);
    const names = [...entries.keys()].filter((name) => !name.endsWith('/'));
    return {
      path,
      names,
      folders: foldersOf(entries.keys()),
      brokenLinks: [],
      async read(name, check) {
        const file = `${path}: ${name}`;
        const entry = entries.get(name);
        if (!entry) throw missing(file);
        const { compressedSize, uncompressedSize } = entry;
        const most = Math.min(compressedSize, size) * deflateRatio;
        if (uncompressedSize > most) {
          const claim = `it claims to unpack from ${compressedSize} to ${uncompressedSize} bytes`;
          throw damaged(file, claim, path);
        }
        const what = `${uncompressedSize} bytes`;
        assertFits({ bytes: uncompressedSize, what, file, maxMegabytes });
        return unpack(zip, entry, file, path, check);
      },
      close: () => zip.close(),
    };
  } catch (error) {
    zip.close();
    throw error;
  }
}

/** All entries by name, but those that a file manager hides; a folder's name ends with a slash. */
async function list(zip: ZipFile, path: string, maxMegabytes: number): Promise<Map<string, Entry>> {
  const what = `${zip.entryCount} files`;
  assertFits({ bytes: zip.entryCount * entryBytes, what, file: path, maxMegabytes });
  const entries = new Map<string, Entry>();
  try {
    for await (const entry of zip.eachEntry()) {
      const { fileName } = entry;
      if (fileName.split('/').some(isHidden)) continue;
      if (entries.has(fileName)) throw damaged(path, `it holds "${fileName}" twice`);
      entries.set(fileName, entry);
    }
  } catch (error) {
    throw error instanceof UserError ? error : damaged(path, 'its directory is damaged');
  }
  return entries;
}

function foldersOf(names: Iterable<string>): string[] {
  const folders = new Set<string>();
  for (const name of names) {
    let folder = name.endsWith('/') ? name.slice(0, -1) : dirname(name);
    for (; folder !== '.' && !folders.has(folder); folder = dirname(folder)) folders.add(folder);
  }
  return [...folders].sort();
}

async function unpack(
  zip: ZipFile,
  entry: Entry,
  file: string,
  path: string,
  check: ((head: Uint8Array) => void) | undefined,
): Promise<Uint8Array> {
  if (entry.isEncrypted()) throw damaged(file, 'it is encrypted', path, 'Unpack it first.');
  if (entry.compressionMethod !== 0 && entry.compressionMethod !== 8) {
    const method = `it is packed with method ${entry.compressionMethod}, not with deflate`;
    throw damaged(file, method, path, 'Unpack it first.');
  }
  const bytes = Buffer.alloc(entry.uncompressedSize);
  let held = 0;
  try {
    // The stream ends with an error where it holds another number of bytes than the entry claims.
    for await (const chunk of await zip.openReadStreamPromise(entry)) {
      if (held === 0) check?.(chunk as Buffer);
      held += (chunk as Buffer).copy(bytes, held);
    }
  } catch (error) {
    throw error instanceof UserError ? error : damaged(file, 'unpacking it breaks off', path);
  }
  if (held !== bytes.length || crc32(bytes) !== entry.crc32) {
    throw damaged(file, 'its checksum is another', path);
  }
  return bytes;
}

function missing(file: string): UserError {
  return new UserError('data', 'DATASET_FILE_MISSING', `Cannot read ${file}.`, {
    hint: 'Check that the dataset is complete and readable.',
    place: { file },
  });
}

function damaged(
  file: string,
  problem: string,
  zip = file,
  hint = 'The file is truncated or damaged; fetch it again.',
): UserError {
  const what = zip === file ? 'is not a whole zip file' : 'cannot be unpacked';
  return new UserError('data', 'DATASET_FILE_CORRUPT', `${file} ${what}: ${problem}.`, {
    hint,
    place: { file: zip },
  });
}
