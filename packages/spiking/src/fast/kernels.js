/**
 * Loads the compute kernels and gives them a heap. Plain JavaScript, as worker threads run it unbuilt.
 */
import { findNative, nativeWorks } from './native.js';
import { readWasm } from './wasm-module.js';

/** @typedef {'native' | 'wasm'} KernelKind */

/**
 * Kernels with a heap of their own, in one thread.
 *
 * @typedef {object} Kernels
 * @property {KernelKind} kind
 * @property {string} instructions What they were compiled for: "avx512", "avx2", "baseline", "simd128".
 * @property {Memory} memory The heap, on both targets; at most 4 GB.
 * @property {number} heapBase The first byte of the heap that is free.
 * @property {(op: number, args: number) => number} run Runs kernel `op` with the structure at offset `args`.
 * @property {(ranges: Uint32Array, isPoisoned: boolean) => void} [poison] Of kernels that were built with the address
 *   sanitizer: they may not touch these bytes of the heap, given as offset and length, or may again.
 */

/**
 * The part of WebAssembly's interface that is used here; the types of Node 20 lack it.
 *
 * @typedef {{ readonly buffer: ArrayBuffer, grow(pages: number): number }} Memory
 * @typedef {object} WasmInterface
 * @property {new (options: { initial: number, maximum: number }) => Memory} Memory
 * @property {new (module: object, imports: object) => { exports: unknown }} Instance
 */

const wasm = /** @type {{ WebAssembly: WasmInterface }} */ (/** @type {unknown} */ (globalThis))
  .WebAssembly;
const pagesAtStart = 32;

/** @type {object | undefined} */
let compiled;

function newMemory() {
  return new wasm.Memory({ initial: pagesAtStart, maximum: 65536 });
}

/**
 * @returns {Kernels}
 * @throws {Error} when they are of another version than this code
 */
export function loadWasm() {
  compiled ??= readWasm('kernels.wasm');
  const memory = newMemory();
  const instance = new wasm.Instance(compiled, { env: { memory } });
  const { run, __heap_base: base } =
    /** @type {{ run: Kernels['run'], __heap_base: { value: number } }} */ (
      /** @type {unknown} */ (instance.exports)
    );
  return {
    kind: 'wasm',
    instructions: 'simd128',
    memory,
    heapBase: align(Number(base.value)),
    run,
  };
}

/**
 * The native kernels (see findNative).
 *
 * @param {string} [instructions] the instruction set; the best that the processor has when left out
 * @returns {Kernels}
 * @throws {Error} when neither loads; the message says why
 */
export function loadNative(instructions = process.env['PRIVATESNN_SIMD']) {
  const { addon } = findNative();
  const chosen = instructions ?? addon.variants[0];
  if (chosen === undefined || !addon.use(chosen)) {
    throw new Error(
      `this processor has no "${chosen}" kernels; it has ${addon.variants.join(', ')}`,
    );
  }
  const memory = newMemory();
  const { poison } = addon;
  return {
    kind: 'native',
    instructions: chosen,
    memory,
    heapBase: 64,
    run: (op, args) => addon.run(memory.buffer, op, args),
    ...(poison && { poison: (ranges, isPoisoned) => poison(memory.buffer, ranges, isPoisoned) }),
  };
}

/**
 * Native kernels where they load, else the WebAssembly ones.
 *
 * @param {KernelKind} [kind] forces one; then a failure to load is thrown
 * @returns {Kernels}
 */
export function loadKernels(kind) {
  if (kind === 'wasm') return loadWasm();
  if (kind === 'native') return loadNative();
  /** @type {Kernels | undefined} */
  let native;
  return nativeWorks(() => (native = loadNative())) && native ? native : loadWasm();
}

/** @param {number} offset */
function align(offset) {
  return Math.ceil(offset / 64) * 64;
}
