/**
 * A layer's spikes as bits (kernels/spikes.h).
 */
import { checkedProduct } from '../heap.js';

/**
 * @typedef {object} Bits
 * @property {number} at
 * @property {number} words Words of a pixel.
 * @property {number} bytes
 * @property {number} spikes How many bits are set.
 */

/**
 * A buffer for a layer's spikes.
 *
 * @param {import('./network.js').Network} network
 * @param {number} index
 * @returns {Bits}
 */
export function allocateBits(network, index) {
  const { heap, spec } = network;
  const { name, output } = network.layer(index);
  const what = `the spikes of layer "${name}"`;
  const words = network.words(output.channels);
  const bytes = 4 * checkedProduct(what, output.height, spec.timeSteps, output.width, words);
  return { at: heap.alloc(what, bytes), words, bytes, spikes: 0 };
}
