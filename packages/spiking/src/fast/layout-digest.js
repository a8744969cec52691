/**
 * A digest of how this code lays out the kernels' arguments. Kernels know theirs, and threads that of who started them:
 * where they differ, as one part was built again and another was not, what is read and written is not what was meant.
 * Plain JavaScript, as worker threads and the builds of the kernels run it unbuilt.
 */
import { createHash } from 'node:crypto';

import { denseLayouts, denseOperations } from '../dense/layouts.js';
import { inputLayout, layouts, partLayout } from './kernel-layouts.js';
import { operations } from './operations.js';

/** Of names, kinds and order of all fields, and the kernels' numbers; 16 hexadecimal digits. */
export const layoutDigest = createHash('sha256')
  .update(
    JSON.stringify([
      ...[layouts, inputLayout, partLayout, operations],
      ...[denseLayouts, denseOperations],
    ]),
  )
  .digest('hex')
  .slice(0, 16);

/** The custom section of a WebAssembly module that holds the digest. */
export const layoutSection = 'layouts';

/**
 * To be called in a thread with the digest of who started it.
 *
 * @param {string | undefined} digest
 * @throws {Error} when the thread has read other code
 */
export function assertSameCode(digest) {
  if (digest === layoutDigest) return;
  throw new Error(
    `its code is of another version than that of the process (layouts ${layoutDigest}, not ${digest ?? 'unknown'}): ` +
      'the package was built again while the process ran; start it again',
  );
}
