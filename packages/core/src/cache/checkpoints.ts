import type { Checkpoints } from './cache.js';
import { sha256 } from './canonical.js';
import { decode, encode } from './codec.js';
import { checkpointName, type Store } from './store.js';

const digestBytes = 32;

/** Checkpoints in a store: `checkpoints/KEY` holds the digest of the state, then the state. */
export function storedCheckpoints(store: Store): Checkpoints {
  return {
    async save(key, state) {
      const { chunks, digest } = encode(state);
      await store.write(checkpointName(key), [Buffer.from(digest, 'hex'), ...chunks]);
    },

    async load(key) {
      const bytes = await store.read(checkpointName(key));
      if (bytes === undefined || bytes.length < digestBytes) return undefined;
      const content = bytes.subarray(digestBytes);
      const digest = Buffer.from(bytes.subarray(0, digestBytes)).toString('hex');
      return sha256(content) === digest ? decode(content) : undefined;
    },

    drop: (key) => store.remove(checkpointName(key)),
  };
}
