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
 * A buffer for the spikes of a layer, of all images (kernels/conv.h).
 *
 * @param {import('./network.js').Network} network
 * @param {number} index
 * @param {number} images
 * @returns {Bits}
 */
export function allocateBits(network, index, images) {
  const { heap, spec } = network;
  const { name, output } = network.layer(index);
  const what = `the spikes of layer "${name}"`;
  const words = network.words(output.channels);
  const steps = images * spec.timeSteps;
  const bytes = 4 * checkedProduct(what, output.height, steps, output.width, words);
  return { at: heap.alloc(what, bytes), words, bytes, spikes: 0 };
}
