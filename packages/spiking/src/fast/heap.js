/**
 * Memory of the kernels: buffers are taken from the heap's end and given back in the reverse order.
 */

import { readResults, wordsOf, writeArguments } from './kernel-arguments.js';
import { layouts } from './kernel-layouts.js';
import { operations } from './operations.js';

/**
 * @typedef {import('./kernel-layouts.js').KernelName} KernelName
 * @typedef {import('./kernel-layouts.js').Layouts} Layouts
 * @typedef {import('./kernel-arguments.js').NamedValues} NamedValues
 */
/** @template L @typedef {import('./kernel-layouts.js').Values<L>} Values */
/** @template L @typedef {import('./kernel-layouts.js').Results<L>} Results */

/** The most bytes that a heap can hold. */
export const heapLimit = 65536 * 65536;

/** Bytes after each buffer, as kernels may read 32 entries of a list beyond its end. */
export const slack = 128;

/** Room for the arguments of any kernel. */
const argumentWords = 96;

/** Sizes that do not fit: a matter of what was asked for, not a defect. */
export class SizeError extends RangeError {}

/**
 * A product of sizes that must stay below 2³¹, as the kernels count with 32-bit integers.
 *
 * @param {string} what what would be too large, for the message
 * @param {...number} factors
 * @returns {number}
 * @throws {SizeError}
 */
export function checkedProduct(what, ...factors) {
  const product = factors.reduce((a, b) => a * b, 1);
  if (!(product < 2 ** 31)) {
    throw new SizeError(
      `${what} needs ${factors.join(' × ')} = ${product} elements; the engine can hold fewer than 2^31.`,
    );
  }
  return product;
}

export class Heap {
  /** @param {import('./kernels.js').Kernels} kernels */
  constructor(kernels) {
    this.kernels = kernels;
    this.top = kernels.heapBase;
    /** The most bytes that were ever in use. */
    this.peak = this.top;
    this.argsAt = this.alloc('arguments', 4 * argumentWords);
    this.bottom = this.top;
    /** Where a profile is wanted. @type {import('./laps.js').Laps | undefined} */
    this.laps = undefined;
  }

  /** Gives back everything. */
  reset() {
    this.release(this.bottom);
  }

  /**
   * Takes a buffer, aligned to 64 bytes; its content is undefined.
   *
   * @param {string} what what it is for, should it not fit
   * @param {number} bytes
   * @returns {number} its offset
   * @throws {SizeError} when the heap cannot grow so far
   */
  alloc(what, bytes) {
    const at = this.top;
    const end = Math.ceil((at + bytes + slack) / 64) * 64;
    const { memory } = this.kernels;
    const missing = end - memory.buffer.byteLength;
    if (!(missing <= 0)) {
      try {
        if (!(end <= heapLimit)) throw new RangeError('above 4 GB');
        memory.grow(Math.ceil(missing / 65536));
      } catch (cause) {
        throw new SizeError(
          `${what} needs ${bytes} bytes, but ${at} are in use and the heap cannot grow to ${end}.`,
          { cause },
        );
      }
    }
    this.top = end;
    if (end > this.peak) this.peak = end;
    return at;
  }

  /**
   * Makes the buffer that was taken last larger.
   *
   * @param {string} what
   * @param {number} at its offset
   * @param {number} bytes its new size
   */
  extend(what, at, bytes) {
    this.release(at);
    this.alloc(what, bytes);
  }

  /**
   * Gives back all that was taken since `top` was `floor`, except for some buffers, which move down.
   *
   * @param {string} what what they are for
   * @param {number} floor
   * @param {readonly { at: number, bytes: number }[]} buffers in the order in which they were taken
   * @returns {number[]} their new offsets
   */
  moveDown(what, floor, buffers) {
    this.release(floor);
    return buffers.map(({ at, bytes }) => {
      this.u8(0, at + bytes).copyWithin(this.top, at);
      return this.alloc(what, bytes);
    });
  }

  /** Gives back all that was taken since `top` was this. @param {number} top */
  release(top) {
    this.top = top;
  }

  /** @param {number} at @param {number} length */
  f32(at, length) {
    return new Float32Array(this.kernels.memory.buffer, at, length);
  }

  /** @param {number} at @param {number} length */
  i32(at, length) {
    return new Int32Array(this.kernels.memory.buffer, at, length);
  }

  /** @param {number} at @param {number} length */
  i16(at, length) {
    return new Int16Array(this.kernels.memory.buffer, at, length);
  }

  /** @param {number} at @param {number} length */
  u32(at, length) {
    return new Uint32Array(this.kernels.memory.buffer, at, length);
  }

  /** @param {number} at @param {number} length */
  u8(at, length) {
    return new Uint8Array(this.kernels.memory.buffer, at, length);
  }

  /** Fills a buffer with zeros. @param {number} at @param {number} bytes */
  clear(at, bytes) {
    this.u8(at, bytes).fill(0);
  }

  /**
   * Takes room for structures that kernels read, one after the other.
   *
   * @template {import('./kernel-layouts.js').Layout} L
   * @param {string} what what they are for
   * @param {L} layout
   * @param {readonly Values<L>[]} all
   * @returns {number} where they are
   */
  structures(what, layout, all) {
    const size = wordsOf(layout);
    const at = this.alloc(what, 4 * size * all.length);
    const words = {
      integers: this.i32(at, size * all.length),
      floats: this.f32(at, size * all.length),
    };
    let start = 0;
    for (const values of all) {
      start = writeArguments(layout, /** @type {NamedValues} */ (values), words, start);
    }
    return at;
  }

  /**
   * Runs a kernel.
   *
   * @template {KernelName} K
   * @param {K} kernel
   * @param {Values<Layouts[K]>} values its arguments by name
   * @returns {Results<Layouts[K]>}
   */
  run(kernel, values) {
    const words = {
      integers: this.i32(this.argsAt, argumentWords),
      floats: this.f32(this.argsAt, argumentWords),
    };
    const layout = /** @type {import('./kernel-layouts.js').Layout} */ (layouts[kernel]);
    writeArguments(layout, /** @type {NamedValues} */ (values), words);
    const status = this.kernels.run(operations[kernel], this.argsAt);
    if (status !== 0) throw new Error(`The kernels have no operation "${kernel}".`);
    return /** @type {Results<Layouts[K]>} */ (readResults(layout, words));
  }
}
