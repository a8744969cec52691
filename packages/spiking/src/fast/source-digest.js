/**
 * A digest of the kernels' C sources: an addon that was built from others lays out its arguments differently, and
 * would read and write where it must not. Plain JavaScript, as build-native.mjs and worker threads run it unbuilt.
 */
import { createHash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';

/** @param {URL} folder the one that holds the sources @returns {string} 16 hexadecimal digits */
export function sourceDigest(folder) {
  const hash = createHash('sha256');
  const names = readdirSync(folder).filter((name) => /\.[ch]$/.test(name));
  for (const name of names.sort()) {
    hash
      .update(`${name}\0`)
      .update(readFileSync(new URL(name, folder)))
      .update('\0');
  }
  return hash.digest('hex').slice(0, 16);
}
