import { crc32 } from 'node:zlib';

import { UserError } from '@privatesnn/core';
import type { Entry } from 'yauzl';

/** No file that deflate packs becomes more times its size. */
const deflateRatio = 1032;
/** More entries than such a file has. */
const mostEntries = 10_000;

/**
 * Unpacks some files of a zip, in memory.
 *
 * @param wrong the error for what is no such zip, or damaged
 */
export async function unzip(
  bytes: Uint8Array,
  names: readonly string[],
  wrong: (problem: string, cause?: unknown) => Error,
): Promise<Readonly<Record<string, Uint8Array>>> {
  const { fromBufferPromise } = await import('yauzl');
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
  const found: Record<string, Uint8Array> = {};
  try {
    const zip = await fromBufferPromise(buffer, { lazyEntries: true });
    if (zip.entryCount > mostEntries) throw wrong(`it has ${zip.entryCount} entries`);
    for await (const entry of zip.eachEntry()) {
      const { fileName, compressedSize, uncompressedSize } = entry as Entry;
      if (!names.includes(fileName)) continue;
      if (Object.hasOwn(found, fileName)) throw wrong(`it holds ${fileName} twice`);
      if (uncompressedSize > Math.min(compressedSize, bytes.length) * deflateRatio) {
        throw wrong(
          `its ${fileName} claims to unpack from ${compressedSize} to ${uncompressedSize} bytes`,
        );
      }
      if (uncompressedSize > process.availableMemory()) {
        throw wrong(`its ${fileName} takes ${uncompressedSize} bytes, more than are free`);
      }
      const unpacked = Buffer.alloc(uncompressedSize);
      let held = 0;
      // The stream ends with an error where it holds another number of bytes than the entry claims.
      for await (const chunk of await zip.openReadStreamPromise(entry)) {
        held += (chunk as Buffer).copy(unpacked, held);
      }
      if (held !== unpacked.length || crc32(unpacked) !== entry.crc32) {
        throw wrong(`the checksum of its ${fileName} is another`);
      }
      found[fileName] = unpacked;
    }
  } catch (cause) {
    if (cause instanceof UserError) throw cause;
    throw wrong('it cannot be unpacked', cause);
  }
  const absent = names.find((name) => !Object.hasOwn(found, name));
  if (absent !== undefined) throw wrong(`it holds no ${absent}`);
  return found;
}
