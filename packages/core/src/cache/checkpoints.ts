import { createHash } from 'node:crypto';
import { readFile, rm } from 'node:fs/promises';

import type { Checkpoints } from './cache.js';
import { decode, encode } from './codec.js';
import { missingIsUndefined, type CacheFiles } from './files.js';

const digestBytes = 32;

/** Checkpoints in a folder: `checkpoints/KEY` holds the digest of the state, then the state. */
export function folderCheckpoints({ checkpointFile, write }: CacheFiles): Checkpoints {
  return {
    async save(key, state) {
      const { chunks, digest } = encode(state);
      await write(checkpointFile(key), [Buffer.from(digest, 'hex'), ...chunks]);
    },

    async load(key) {
      const bytes = await readFile(checkpointFile(key)).catch(missingIsUndefined);
      if (bytes === undefined || bytes.length < digestBytes) return undefined;
      const content = bytes.subarray(digestBytes);
      const digest = createHash('sha256').update(content).digest();
      return digest.equals(bytes.subarray(0, digestBytes)) ? decode(content) : undefined;
    },

    drop: (key) => rm(checkpointFile(key), { force: true }),
  };
}
