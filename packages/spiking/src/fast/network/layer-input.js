/**
 * The input of a layer, ready for a kernel.
 */
import { constantInput } from './constant-current.js';
import { convArguments } from './conv-arguments.js';
import { encode } from './encoding.js';
import { spikeLists } from './spike-lists.js';
import { synapticOperations } from './synaptic-operations.js';

/**
 * A layer's `struct conv`, the spikes that come in, and what the synapses do with them: additions for spikes,
 * multiplications for the numbers of a constant input, which come at every time-step.
 * @typedef {{ conv: ReturnType<typeof convArguments>, spikes: number, additions: number, multiplications: number }} LayerInput
 */

/**
 * Takes heap above the top.
 *
 * @param {import('./network.js').Network} network
 * @param {number} index
 * @param {import('./spike-bits.js').Bits | undefined} bits spikes of the layer before; undefined for the first layer
 * @param {import('./network-spec.js').InputImages} images
 * @param {boolean} [beside] whether it is the layer's second input
 * @returns {LayerInput}
 */
export function layerInput(network, index, bits, images, beside = false) {
  if (!bits && network.isConstant(index)) return constantInput(network, images);
  const { lists, spikes } = bits
    ? { lists: spikeLists(network, index, bits, images, beside), spikes: bits.spikes }
    : encode(network, images);
  const additions = synapticOperations(network, index, lists, beside);
  const conv = convArguments(network, index, lists, { beside });
  return { conv, spikes, additions, multiplications: 0 };
}
