import { createHash } from 'node:crypto';
import { createReadStream, createWriteStream } from 'node:fs';
import { mkdir, rename, rm } from 'node:fs/promises';
import { dirname } from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';

import { UserError } from '@privatesnn/core';

/** A file to fetch. */
export interface Download {
  /** Addresses to try, in this order. */
  readonly urls: readonly string[];
  /** Where it is put, whole and checked, or not at all. */
  readonly target: string;
  /** What is longer is not fetched to its end. */
  readonly maxBytes: number;
  /** Throws where the content is not the expected one. */
  readonly verify: (path: string) => Promise<void>;
  /** What a user without network can do instead. */
  readonly hint: string;
  readonly signal: AbortSignal;
}

/** Fetches a file from the first address that gives the expected content. */
export async function download({
  urls,
  target,
  maxBytes,
  verify,
  hint,
  signal,
}: Download): Promise<void> {
  await mkdir(dirname(target), { recursive: true });
  const part = `${target}.${process.pid}.part`;
  const failures: string[] = [];
  for (const url of urls) {
    try {
      const response = await fetch(url, { signal });
      if (!response.ok || !response.body) throw new Error(`HTTP status ${response.status}`);
      await pipeline(Readable.fromWeb(response.body), atMost(maxBytes), createWriteStream(part), {
        signal,
      });
      await verify(part);
      await rename(part, target);
      return;
    } catch (error) {
      await rm(part, { force: true });
      signal.throwIfAborted();
      failures.push(`${url}: ${reason(error)}`);
    }
  }
  throw new UserError(
    'environment',
    'DATASET_DOWNLOAD',
    `No address gave the file ${target}. Tried:\n${failures.map((line) => `  ${line}`).join('\n')}`,
    { hint },
  );
}

function atMost(maxBytes: number) {
  return async function* (chunks: AsyncIterable<Uint8Array>) {
    let bytes = 0;
    for await (const chunk of chunks) {
      bytes += chunk.length;
      if (bytes > maxBytes) throw new Error(`it is longer than ${maxBytes} bytes`);
      yield chunk;
    }
  };
}

function reason(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  return error.cause instanceof Error ? `${error.message} (${error.cause.message})` : error.message;
}

/** Throws where a file's SHA-256 is another. */
export async function verifySha256(file: string, expected: string): Promise<void> {
  const hash = createHash('sha256');
  for await (const chunk of createReadStream(file)) hash.update(chunk as Uint8Array);
  const found = hash.digest('hex');
  if (found !== expected) throw new Error(`the content's SHA-256 is ${found}, not ${expected}`);
}
