/**
 * A heap that notices what is beyond a buffer, for tests and for kernels that were built with the address sanitizer. Plain
 * JavaScript, as worker threads run it unbuilt.
 */
import { Heap, slack } from './heap.js';

/** What the bytes behind a buffer hold; as entries of a list they lead far away. */
const mark = 0xa5;
const marks = 0xa5a5a5a5;

/** Bytes between what kernels may read behind a buffer and the next buffer, at least. */
const redZone = 64;

/**
 * Kernels may read `slack` bytes behind a buffer, not write them: they hold marks, which are looked at after each kernel.
 * All other bytes beyond buffers may not be touched; sanitized kernels end the process when they do.
 */
export class GuardedHeap extends Heap {
  /** @param {import('./kernels.js').Kernels} kernels */
  constructor(kernels) {
    super(kernels);
    /** In the order of their offsets; `Heap` has taken the first. @type {{ what: string, at: number, end: number }[]} */
    this.buffers = this.buffers ?? [];
  }

  /** @override @param {string} what @param {number} bytes @returns {number} */
  alloc(what, bytes) {
    const whole = Math.ceil(bytes / 4) * 4;
    const at = super.alloc(what, whole + redZone);
    const end = at + whole;
    this.u8(end, slack).fill(mark);
    (this.buffers ??= []).push({ what, at, end });
    return at;
  }

  /** @override @param {number} top */
  release(top) {
    super.release(top);
    while ((this.buffers.at(-1)?.at ?? -1) >= top) this.buffers.pop();
  }

  /**
   * @override
   * @template {import('./kernel-layouts.js').KernelName} K
   * @param {K} kernel
   * @param {import('./kernel-layouts.js').Values<import('./kernel-layouts.js').Layouts[K]>} values
   * @returns {import('./kernel-layouts.js').Results<import('./kernel-layouts.js').Layouts[K]>}
   */
  run(kernel, values) {
    const { poison } = this.kernels;
    const between = poison && this.between();
    if (between) poison(between, true);
    const result = super.run(kernel, values);
    if (between) poison(between, false);
    for (const { what, end } of this.buffers) {
      if (this.u32(end, slack / 4).some((word) => word !== marks)) {
        throw new Error(`Kernel ${kernel} wrote beyond a buffer, at ${end}: ${what}.`);
      }
    }
    return result;
  }

  /** What belongs to no buffer, as offset and length. @returns {Uint32Array} */
  between() {
    const ranges = [];
    let from = 0;
    const all = [...this.buffers, { at: this.kernels.memory.buffer.byteLength, end: 0 }];
    for (const { at, end } of all) {
      ranges.push(from, at - from);
      from = end + slack;
    }
    return Uint32Array.from(ranges);
  }
}
