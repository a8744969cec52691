import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { readFile, stat } from 'node:fs/promises';
import { basename, dirname, join, resolve } from 'node:path';

import { unreadableFile } from '../errors/unreadable-file.js';
import { openDigestIndex, type DigestIndex } from './digest-index.js';

/** Files that are read at the same time. */
const atOnce = 16;
/** Up to here a file is read in one piece: most of the time for a small one goes into opening streams. */
const smallBytes = 1 << 20;

/**
 * SHA-256 (hex) of a file's content.
 *
 * @throws UserError where it cannot be read, or is no ordinary file
 */
export async function fileDigest(path: string): Promise<string> {
  const index = await openDigestIndex(dirname(resolve(path)));
  const digest = await digestOne(index, dirname(path), basename(path));
  await index.save();
  return digest;
}

/**
 * SHA-256 (hex) over names and contents of files: the same for every copy of the files, wherever it lies and whatever
 * its times are. A file that was read before is read again only where it may have changed, as in git.
 *
 * @param names paths relative to the folder, in any order
 * @throws UserError where a file cannot be read, or is no ordinary file
 */
export async function filesDigest(folder: string, names: readonly string[]): Promise<string> {
  const index = await openDigestIndex(resolve(folder));
  const sorted = [...names].sort();
  const digests = new Array<string>(sorted.length);
  let next = 0;
  const work = async () => {
    for (let i = next++; i < sorted.length; i = next++) {
      digests[i] = await digestOne(index, folder, sorted[i]!);
    }
  };
  await Promise.all(Array.from({ length: atOnce }, work));
  await index.save();
  const hash = createHash('sha256');
  sorted.forEach((name, i) => hash.update(JSON.stringify([name, digests[i]])));
  return hash.digest('hex');
}

async function digestOne(index: DigestIndex, folder: string, name: string): Promise<string> {
  const path = join(folder, name);
  try {
    const started = Date.now();
    const before = await stat(path, { bigint: true });
    if (!before.isFile()) throw new Error('It is no ordinary file.');
    const known = index.find(name, before);
    if (known !== undefined) return known;
    const digest = await read(path, before.size);
    index.add(name, before, started, digest);
    return digest;
  } catch (cause) {
    const hint = 'Check the path and the permissions.';
    throw unreadableFile({ code: 'FILE_UNREADABLE', what: 'file', path, hint, cause });
  }
}

async function read(path: string, size: bigint): Promise<string> {
  const hash = createHash('sha256');
  if (size <= smallBytes) return hash.update(await readFile(path)).digest('hex');
  for await (const chunk of createReadStream(path, { highWaterMark: smallBytes })) {
    hash.update(chunk as Uint8Array);
  }
  return hash.digest('hex');
}
