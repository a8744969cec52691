import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

import { findNative } from './fast/native.js';

const known = new Map<string, string>();

/**
 * A short digest of the compiled kernels, for the identities of what computes with them: kernels that were built
 * anew may round differently, and their source is no part of the package's code.
 *
 * @param unit the file in kernels/ that holds them as WebAssembly; the native ones are all in one file
 * @returns 12 hexadecimal digits
 * @throws Error when the file is not there, or native kernels do not load
 */
export function kernelDigest(kind: 'native' | 'wasm', unit: 'kernels' | 'dense'): string {
  const file =
    kind === 'native'
      ? findNative().file
      : fileURLToPath(new URL(`../kernels/${unit}.wasm`, import.meta.url));
  const before = known.get(file);
  if (before !== undefined) return before;
  const digest = createHash('sha256').update(readFileSync(file)).digest('hex').slice(0, 12);
  known.set(file, digest);
  return digest;
}
