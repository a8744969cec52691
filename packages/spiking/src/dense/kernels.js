/**
 * The dense kernels over one memory that all threads share. Plain JavaScript, as worker threads run it unbuilt.
 */
import { assertSameCode, layoutDigest } from '../fast/layout-digest.js';
import { findNative, nativeWorks } from '../fast/native.js';
import { readWasm } from '../fast/wasm-module.js';

/**
 * WebAssembly's interface, as far as it is used; the types of Node 20 lack it.
 *
 * @typedef {{ readonly buffer: SharedArrayBuffer, grow(pages: number): number }} SharedMemory
 * @typedef {object} WasmInterface
 * @property {new (options: { initial: number, maximum: number, shared: true }) => SharedMemory} Memory
 * @property {new (module: object, imports: object) => { exports: unknown }} Instance
 */
const wasm = /** @type {{ WebAssembly: WasmInterface }} */ (/** @type {unknown} */ (globalThis))
  .WebAssembly;

const pagesAtStart = 32;
/** Bytes of a thread's stack; the kernels keep little more than a tile there. */
const stackSize = 65536;

/**
 * What a thread needs to run the kernels; can be sent to a worker.
 *
 * @typedef {object} DenseSetup
 * @property {'native' | 'wasm'} kind
 * @property {string} instructions What the kernels were compiled for: "avx512", "avx2", "baseline", "simd128".
 * @property {object | undefined} module The WebAssembly module.
 * @property {SharedMemory} memory The heap of all threads.
 * @property {string} layouts The digest of how arguments are laid out (fast/layout-digest.js).
 */

/**
 * Chooses the kernels: native where they load, else WebAssembly.
 *
 * @param {'native' | 'wasm'} [kind] forces one; then a failure to load is thrown
 * @param {string} [instructions] the native instruction set; the best that the processor has when left out
 * @returns {DenseSetup}
 */
export function setUpDense(kind, instructions = process.env['PRIVATESNN_SIMD']) {
  const memory = new wasm.Memory({ initial: pagesAtStart, maximum: 65536, shared: true });
  const common = { memory, layouts: layoutDigest };
  const native = () => nativeInstructions(instructions);
  if (kind === 'native' || (kind === undefined && nativeWorks(native))) {
    return { ...common, kind: 'native', instructions: native(), module: undefined };
  }
  return { ...common, kind: 'wasm', instructions: 'simd128', module: readWasm('dense.wasm') };
}

/** @param {string | undefined} instructions @returns {string} */
function nativeInstructions(instructions) {
  const { variants } = findNative().addon;
  const chosen = instructions ?? variants[0];
  if (chosen !== undefined && variants.includes(chosen)) return chosen;
  throw new Error(`this processor has no "${chosen}" kernels; it has ${variants.join(', ')}`);
}

/**
 * Loads the kernels in this thread.
 *
 * @param {DenseSetup} setup
 * @param {number} stack where this thread's stack lies, `stackBytes` long; 0 for the main thread's own
 * @returns {{ heapBase: number, run: (op: number, args: number) => number }}
 */
export function loadDense({ kind, instructions, module, memory, layouts }, stack) {
  assertSameCode(layouts);
  if (kind === 'native' || !module) {
    const { addon } = findNative();
    const variant = addon.variants.indexOf(instructions);
    return {
      heapBase: 64,
      run: (op, args) => addon.run(new Uint8Array(memory.buffer), op, args, variant),
    };
  }
  const exports =
    /** @type {{ run: (op: number, args: number) => number, __heap_base: { value: number }, __stack_pointer: { value: number } }} */ (
      new wasm.Instance(module, { env: { memory } }).exports
    );
  if (stack > 0) exports.__stack_pointer.value = stack + stackSize;
  return { heapBase: Math.ceil(exports.__heap_base.value / 64) * 64, run: exports.run };
}

/** Bytes of the stack that each worker gets. */
export const stackBytes = stackSize;
