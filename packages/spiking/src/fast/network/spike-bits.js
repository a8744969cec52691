/**
 * A layer's spikes as bits (kernels/spikes.h).
 */
import { checkedProduct } from '../heap.js';

/**
 * A map, [height][steps][width][words]; of signed neurons one of positive spikes, and behind it one of negative ones.
 *
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
  const maps = network.isSigned ? 2 : 1;
  const bytes = 4 * checkedProduct(what, maps, output.height, steps, output.width, words);
  return { at: heap.alloc(what, bytes), words, bytes, spikes: 0 };
}

/**
 * Where the map of negative spikes is.
 *
 * @param {import('./network.js').Network} network
 * @param {Bits} bits
 * @returns {{ at: number, words: number } | undefined} its place and its words in all; undefined where neurons are not
 *   signed
 */
export function negativeMap(network, { at, bytes }) {
  return network.isSigned ? { at: at + bytes / 2, words: bytes / 8 } : undefined;
}
