/**
 * Spikes, and valued ones, as sorted lists (kernels/conv.h): what the kernels read.
 */
import { element } from '../element.js';
import { checkedProduct } from '../heap.js';

/**
 * @typedef {import('./network.js').Network} Network
 *
 * Lists in the heap: of spikes, or valued ones for a constant input.
 * @typedef {object} Lists
 * @property {number} ptr Where each pixel's entries begin, [height][steps][width + 1].
 * @property {number} list The entries.
 * @property {number} steps Of all images.
 * @property {number} height
 * @property {number} width
 * @property {number} channels Those for negative spikes among them.
 */

/**
 * Takes room for the positions of lists' pixels, their `ptr`.
 *
 * @param {Network} network
 * @param {string} what
 * @param {{ height: number, width: number }} shape
 * @param {number} steps
 */
export function allocatePositions({ heap }, what, { height, width }, steps) {
  return heap.alloc(what, 4 * checkedProduct(what, height, steps, width + 1));
}

/** How many channels lists of spikes have for one. @param {Network} network */
export function signsOf({ isSigned }) {
  return isSigned ? 2 : 1;
}

/** How many entries lists have. @param {Network} network @param {Lists} lists */
export function entriesOf({ heap }, { ptr, steps, height, width }) {
  const positions = height * steps * (width + 1);
  return element(heap.u32(ptr, positions), positions - 1);
}
