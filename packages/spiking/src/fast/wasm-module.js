/**
 * Reads the WebAssembly kernels, and refuses those of another version than this code. Plain JavaScript, as worker threads
 * run it unbuilt.
 */
import { readFileSync } from 'node:fs';

import { layoutDigest, layoutSection } from './layout-digest.js';

/**
 * @typedef {object} ModuleInterface
 * @property {{ new (bytes: Uint8Array): object, customSections(module: object, name: string): ArrayBuffer[] }} Module
 */

const { Module } = /** @type {{ WebAssembly: ModuleInterface }} */ (
  /** @type {unknown} */ (globalThis)
).WebAssembly;
const folder = new URL('../../kernels/', import.meta.url);

/**
 * @param {string} name of the file in kernels/
 * @returns {object} the module
 * @throws {Error} when it lays out its arguments otherwise
 */
export function readWasm(name) {
  const module = new Module(readFileSync(new URL(name, folder)));
  const [section] = Module.customSections(module, layoutSection);
  const digest = section && Buffer.from(section).toString();
  if (digest === layoutDigest) return module;
  throw new Error(
    `kernels/${name} and the JavaScript of the engine are of different versions (layouts ${digest ?? 'unknown'} and ` +
      `${layoutDigest}); build again with \`npm run build\`, after a change of the kernels with \`npm run kernels\``,
  );
}
