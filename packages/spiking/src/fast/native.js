/**
 * Finds the native kernels, and refuses those that were built from other sources or for other code. Plain JavaScript, as worker
 * threads run it unbuilt.
 */
import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import { fileURLToPath } from 'node:url';

import { layoutDigest } from './layout-digest.js';
import { sourceDigest } from './source-digest.js';

/**
 * @typedef {object} Addon
 * @property {string} sources The digest of the sources that it was built from (source-digest.js).
 * @property {string} layouts That of how it finds its arguments (layout-digest.js).
 * @property {string[]} variants
 * @property {(name: string) => boolean} use
 * @property {(heap: ArrayBuffer | Uint8Array, op: number, args: number, variant?: number) => number} run
 *   `variant` is a place in `variants`; what `use` chose when left out.
 * @property {(heap: ArrayBuffer, ranges: Uint32Array, isPoisoned: boolean) => void} [poison] Built with the address
 *   sanitizer only: see `Kernels`.
 */

const folder = new URL('../../kernels/', import.meta.url);
const require = createRequire(import.meta.url);

/** Native kernels that are there, but not of the sources and the code here. */
export class StaleKernelsError extends Error {
  /** @override */
  name = 'StaleKernelsError';
}

/** By the file that the environment names. @type {Map<string, { file: string, addon: Addon }>} */
const known = new Map();

/**
 * The first that loads and fits of: the file that the environment's PRIVATESNN_NATIVE_FILE names, and no other; the
 * file that build-native.mjs makes; the prebuilt package of this platform.
 *
 * @returns {{ file: string, addon: Addon }}
 * @throws {StaleKernelsError} when one was built from other sources, or for other code
 * @throws {Error} when there is none, or it does not load; the first line of the message says why
 */
export function findNative() {
  const given = process.env['PRIVATESNN_NATIVE_FILE'] ?? '';
  const before = known.get(given);
  if (before) return before;
  const files = given
    ? [given]
    : [builtFile(), ...packageFiles()].filter((file) => existsSync(file));
  const errors = [];
  for (const file of files) {
    try {
      const found = { file, addon: load(file) };
      known.set(given, found);
      return found;
    } catch (error) {
      errors.push(error);
    }
  }
  throw (
    errors[0] ?? new Error('they are not built here; `npm run setup` builds them with a C compiler')
  );
}

/**
 * Whether something that wants native kernels works. Kernels of other sources are warned of, once.
 *
 * @param {() => unknown} attempt
 */
export function nativeWorks(attempt) {
  try {
    attempt();
    return true;
  } catch (error) {
    if (error instanceof StaleKernelsError) warn(error.message);
    return false;
  }
}

/** The packages that may hold prebuilt kernels for this platform: npm installs the one of its C library. */
export function packageNames() {
  const name = `@privatesnn/spiking-${process.platform}-${process.arch}`;
  return process.platform === 'linux' ? [name, `${name}-musl`] : [name];
}

/** @param {string} file @returns {Addon} */
function load(file) {
  const addon = /** @type {Addon} */ (require(file));
  const expected = sourceDigest(folder);
  if (addon.sources !== expected) {
    throw new StaleKernelsError(
      `${file} was built from other sources (${addon.sources ?? 'unknown'}, not ${expected}); ` +
        'build it again with `npm run setup`',
    );
  }
  if (addon.layouts !== layoutDigest) {
    throw new StaleKernelsError(
      `${file} and the JavaScript of the engine are of different versions (layouts ${addon.layouts ?? 'unknown'} and ` +
        `${layoutDigest}); build both again with \`npm run build\` and \`npm run setup\``,
    );
  }
  return addon;
}

function builtFile() {
  return fileURLToPath(new URL(`native/${process.platform}-${process.arch}.node`, folder));
}

function packageFiles() {
  return packageNames().flatMap((name) => {
    try {
      return [require.resolve(name)];
    } catch (error) {
      if (/** @type {{ code?: string }} */ (error).code === 'MODULE_NOT_FOUND') return [];
      throw error;
    }
  });
}

let isWarned = false;

/** @param {string} message */
function warn(message) {
  if (isWarned) return;
  isWarned = true;
  process.emitWarning(`Native kernels: ${message}. WebAssembly is used instead.`, {
    code: 'STALE_KERNELS',
  });
}
