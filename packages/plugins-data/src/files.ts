import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import { createGunzip } from 'node:zlib';

import { fileKind, headOf, UserError, wrongFile } from '@privatesnn/core';

/** No deflate stream unpacks to more than this many times its size. */
export const deflateRatio = 1032;

/** Whether a file or folder is there. */
export async function exists(path: string): Promise<boolean> {
  return (await stat(path).catch(() => undefined)) !== undefined;
}

/** An ordinary file, and the most bytes that it may hold once it is unpacked. */
export interface PackedFile {
  readonly path: string;
  readonly gzip: boolean;
  readonly mostBytes: number;
}

/**
 * Looks at a file without reading it; gzip is told by the first bytes, not by the name.
 *
 * @throws UserError where it is missing, or no ordinary file
 */
export async function packedFile(path: string): Promise<PackedFile> {
  const found = await stat(path).catch((cause: unknown) => {
    throw unreadable(path, cause);
  });
  if (!found.isFile()) throw unreadable(path);
  const gzip = fileKind(headOf(path))?.id === 'gzip';
  return { path, gzip, mostBytes: gzip ? found.size * deflateRatio : found.size };
}

/**
 * The bytes of a file in pieces, unpacked where it is gzip. Who stops asking for more ends the unpacking, so a file
 * that unpacks to far more than it should costs no more than what was taken of it.
 *
 * @throws UserError where the file cannot be read, or is not a whole gzip file
 */
export async function* unpacked(
  { path, gzip }: PackedFile,
  signal: AbortSignal,
): AsyncGenerator<Uint8Array> {
  const packed = createReadStream(path, { signal, highWaterMark: 1 << 18 });
  // The error of the file's stream, which piping does not pass on.
  const stream = gzip ? packed.pipe(createGunzip({ chunkSize: 1 << 18 })) : packed;
  if (stream !== packed) packed.on('error', (cause) => stream.destroy(cause));
  try {
    for await (const chunk of stream) yield chunk as Uint8Array;
  } catch (cause) {
    signal.throwIfAborted();
    if (!gzip || (cause as NodeJS.ErrnoException).syscall) throw unreadable(path, cause);
    throw wrongFile({
      code: 'DATASET_FILE_CORRUPT',
      file: path,
      head: headOf(path),
      expected: 'a gzip file',
      kinds: ['gzip'],
      problem: 'unpacking it breaks off',
    });
  } finally {
    packed.destroy();
  }
}

/** The error for a data file that cannot be read. */
export function unreadable(path: string, cause?: unknown): UserError {
  const why = cause === undefined ? ': it is no ordinary file' : '';
  return new UserError('data', 'DATASET_FILE_MISSING', `Cannot read the data file ${path}${why}.`, {
    hint: 'Check the path and the permissions.',
    place: { file: path },
    cause,
  });
}

export function sha256(...parts: readonly (Uint8Array | string)[]): string {
  const hash = createHash('sha256');
  for (const part of parts) hash.update(part);
  return hash.digest('hex');
}
