import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { readFile, stat } from 'node:fs/promises';
import { promisify } from 'node:util';
import { gunzip } from 'node:zlib';

import { UserError } from '@privatesnn/core';

const gunzipBytes = promisify(gunzip);

/** Whether a file or folder is there. */
export async function exists(path: string): Promise<boolean> {
  return (await stat(path).catch(() => undefined)) !== undefined;
}

/** Reads a file, unpacked where it is gzip (told by its first two bytes, not by its name). */
export async function readMaybeGzip(path: string): Promise<Uint8Array> {
  const bytes = await readFile(path).catch((cause: unknown) => {
    throw new UserError('data', 'DATASET_FILE_MISSING', `Cannot read the data file ${path}.`, {
      hint: 'Check the path and the permissions.',
      place: { file: path },
      cause,
    });
  });
  return bytes[0] === 0x1f && bytes[1] === 0x8b ? unzip(bytes, path) : bytes;
}

async function unzip(bytes: Uint8Array, path: string): Promise<Uint8Array> {
  return gunzipBytes(bytes).catch((cause: unknown) => {
    throw new UserError(
      'data',
      'DATASET_FILE_CORRUPT',
      `${path} is not a whole gzip file: ${bytes.length} bytes were found, and unpacking them failed (${String(cause)}).`,
      { hint: 'The file is truncated or damaged; fetch it again.', place: { file: path }, cause },
    );
  });
}

export function sha256(...parts: readonly (Uint8Array | string)[]): string {
  const hash = createHash('sha256');
  for (const part of parts) hash.update(part);
  return hash.digest('hex');
}

const known = new Map<string, string>();

/**
 * SHA-256 of a file's content and its size. Remembered while path, size and modification time stay the same,
 * so that a grid of runs reads a large file once.
 */
export async function fileDigest(path: string): Promise<string> {
  const { size, mtimeMs } = await stat(path).catch((cause: unknown) => {
    throw new UserError('data', 'DATASET_FILE_MISSING', `Cannot read the data file ${path}.`, {
      hint: 'Check the path and the permissions.',
      place: { file: path },
      cause,
    });
  });
  const key = `${path}\0${size}\0${mtimeMs}`;
  let digest = known.get(key);
  if (digest === undefined) {
    const hash = createHash('sha256');
    for await (const chunk of createReadStream(path, { highWaterMark: 1 << 20 })) {
      hash.update(chunk as Uint8Array);
    }
    digest = `${size}:${hash.digest('hex')}`;
    known.set(key, digest);
  }
  return digest;
}

/** One digest for several files, whatever their folder: for a dataset's fingerprint. */
export async function filesDigest(paths: readonly string[]): Promise<string> {
  return sha256((await Promise.all(paths.map(fileDigest))).join('\n'));
}
