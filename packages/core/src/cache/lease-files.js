/**
 * The files of leases, read and written the same way by the process that wants one and by the thread that keeps it.
 * Plain JavaScript, since a thread loads it from the sources as they are.
 *
 * A lease of key K is a file `K.G`. The holder is who made the highest generation G; making one fails where it exists
 * (O_EXCL, also over NFS), so that of several who take over a dead holder's lease one succeeds.
 */
import {
  closeSync,
  ftruncateSync,
  openSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeSync,
} from 'node:fs';
import { join } from 'node:path';

/**
 * Generations of a key's lease, the lowest first.
 *
 * @param {string} folder
 * @param {string} key
 * @returns {number[]}
 */
export function generations(folder, key) {
  /** @type {string[]} */
  let names = [];
  try {
    names = readdirSync(folder);
  } catch {
    // Nobody has had a lease here.
  }
  return names
    .filter((name) => name.startsWith(`${key}.`))
    .map((name) => Number(name.slice(key.length + 1)))
    .filter((generation) => Number.isInteger(generation))
    .sort((a, b) => a - b);
}

/**
 * @param {string} folder
 * @param {string} key
 * @param {number} generation
 */
export function leaseFile(folder, key, generation) {
  return join(folder, `${key}.${generation}`);
}

/**
 * The content of a lease file, or undefined where it is gone.
 *
 * @param {string} file
 * @returns {string | undefined}
 */
export function readLease(file) {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return undefined;
  }
}

/**
 * Makes a lease file; false where it exists.
 *
 * @param {string} file
 * @param {string} text
 */
export function makeLease(file, text) {
  try {
    return write(file, 'wx', text, 'EEXIST');
  } catch (error) {
    // On a full disk the file is there and empty: a lease of nobody, for whose end others would wait.
    rmSync(file, { force: true });
    throw error;
  }
}

/**
 * Writes a lease file anew in its place; false where it is gone: then another has taken over.
 *
 * @param {string} file
 * @param {string} text
 */
export function renewLease(file, text) {
  return write(file, 'r+', text, 'ENOENT');
}

/**
 * @param {string} file
 * @param {string} flags
 * @param {string} text
 * @param {string} refusal
 */
function write(file, flags, text, refusal) {
  let handle;
  try {
    handle = openSync(file, flags);
  } catch (error) {
    if (/** @type {NodeJS.ErrnoException} */ (error).code === refusal) return false;
    throw error;
  }
  try {
    const length = writeSync(handle, text);
    ftruncateSync(handle, length);
  } finally {
    closeSync(handle);
  }
  return true;
}
