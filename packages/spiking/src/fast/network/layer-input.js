/**
 * The inputs of a layer, ready for a kernel.
 */
import { sortedBursts } from './bursts.js';
import { constantInput } from './constant-current.js';
import { convArguments } from './conv-arguments.js';
import { encode } from './encoding.js';
import { blockLists } from './block-lists.js';
import { spikeLists } from './spike-lists.js';
import { synapticOperations } from './synaptic-operations.js';
import { inputLayout } from '../kernel-layouts.js';

/**
 * @typedef {import('./spike-bits.js').Bits} Bits
 *
 * The spikes of each planned layer, as far as they are needed.
 * @typedef {(index: number) => Bits | undefined} BitsOf
 *
 * A layer's `struct conv`, the spikes that come in, and what the synapses do with them: additions for spikes,
 * multiplications for the numbers of a constant input, which come at every time-step.
 * @typedef {{ conv: ReturnType<typeof convArguments>, spikes: number, additions: number, multiplications: number }} LayerInput
 */

/**
 * Takes heap above the top.
 *
 * @param {import('./network.js').Network} network
 * @param {number} index
 * @param {BitsOf} bitsOf
 * @param {import('./network-spec.js').InputImages} images
 * @param {number} [which] of the layer's inputs
 * @returns {LayerInput}
 */
export function layerInput(network, index, bitsOf, images, which = 0) {
  const { from } = network.input(index, which);
  if (from < 0 && network.isConstant(index)) return constantInput(network, images);
  const { lists, spikes, additions } =
    from < 0 ? encodedInput(network, images) : spikeLists(network, index, bitsOf, images, which);
  const read = network.isGrouped(index, which) ? blockLists(network, index, lists, which) : lists;
  return {
    conv: convArguments(network, index, read, { which }),
    spikes,
    additions,
    multiplications: 0,
  };
}

/** @param {import('./network.js').Network} network @param {import('./network-spec.js').InputImages} images */
function encodedInput(network, images) {
  const { lists, spikes } = encode(network, images);
  return { lists, spikes, additions: synapticOperations(network, 0, lists) };
}

/**
 * The inputs beside the first, for kernels that add them: `struct input`, and what their synapses do. Takes heap above
 * the top.
 *
 * @param {import('./network.js').Network} network
 * @param {number} index
 * @param {BitsOf} bitsOf
 * @param {import('./network-spec.js').InputImages} images
 */
export function besideInputs(network, index, bitsOf, images) {
  const inputs = network.layer(index).beside.map((_, i) => {
    const { conv, additions } = layerInput(network, index, bitsOf, images, i + 1);
    return { conv, bursts: sortedBursts(network, index, conv), additions };
  });
  return {
    others: network.heap.structures('inputs', inputLayout, inputs),
    count: inputs.length,
    additions: inputs.map(({ additions }) => additions),
  };
}
