/**
 * The inputs of a layer, ready for a kernel.
 */
import { sortedBursts } from './bursts.js';
import { constantInput } from './constant-current.js';
import { convArguments } from './conv-arguments.js';
import { encode } from './encoding.js';
import { blockLists } from './block-lists.js';
import { numbersInput } from './numbers-input.js';
import { spikeLists } from './spike-lists.js';
import { synapticOperations } from './synaptic-operations.js';
import { inputLayout } from '../kernel-layouts.js';

/**
 * @typedef {import('./spike-bits.js').Bits} Bits
 * @typedef {import('./currents.js').Currents} Currents
 *
 * What each planned layer gives, as far as it is needed: spikes, or the currents of a linear one.
 * @typedef {(index: number) => Bits | Currents | undefined} OutputOf
 *
 * A layer's `struct conv`; the currents of an input of numbers, of which the conv is silent (0 for none); the spikes that
 * come in, and what the synapses do with it all: additions for spikes, multiplications for the numbers of a constant input
 * or of currents, which come at every time-step.
 * @typedef {{ conv: ReturnType<typeof convArguments>, currents: number, spikes: number, additions: number, multiplications: number }} LayerInput
 */

/**
 * Takes heap above the top.
 *
 * @param {import('./network.js').Network} network
 * @param {number} index
 * @param {OutputOf} outputOf
 * @param {import('./network-spec.js').InputImages} images
 * @param {number} [which] of the layer's inputs
 * @returns {LayerInput}
 */
export function layerInput(network, index, outputOf, images, which = 0) {
  if (network.takesNumbers(index, which)) {
    return numbersInput(network, index, outputOf, images, which);
  }
  const { from } = network.input(index, which);
  if (from < 0 && network.isConstant(index)) return constantInput(network, images);
  const { lists, spikes, additions } =
    from < 0 ? encodedInput(network, images) : spikeLists(network, index, outputOf, images, which);
  const read = network.isGrouped(index, which) ? blockLists(network, index, lists, which) : lists;
  return {
    conv: convArguments(network, index, read, { which }),
    currents: 0,
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
 * All inputs of a layer, for kernels that take their sum: the first one's `struct conv` and bursts, and `struct input` of
 * those that are added; and what comes in, and their synapses do. Takes heap above the top.
 *
 * @param {import('./network.js').Network} network
 * @param {number} index
 * @param {OutputOf} outputOf
 * @param {import('./network-spec.js').InputImages} images
 */
export function layerInputs(network, index, outputOf, images) {
  const { beside } = network.layer(index);
  const inputs = [undefined, ...beside].map((_, which) => {
    const input = layerInput(network, index, outputOf, images, which);
    const isRead = which === 0 || input.currents === 0;
    return { ...input, bursts: isRead ? sortedBursts(network, index, input.conv) : 0 };
  });
  const [first] = /** @type {[typeof inputs[0]]} */ (inputs);
  const added = inputs.slice(first.currents === 0 ? 1 : 0);
  return {
    conv: first.conv,
    bursts: first.bursts,
    others: network.heap.structures('inputs', inputLayout, added),
    count: added.length,
    counts: countsOf(inputs),
  };
}

/**
 * What comes in by a layer's inputs, and what its synapses do with it, by input.
 *
 * @typedef {{ readonly inputSpikes: number, readonly additions: readonly number[], readonly multiplications: readonly number[] }} InputCounts
 *
 * @param {readonly Pick<LayerInput, 'spikes' | 'additions' | 'multiplications'>[]} inputs
 * @returns {InputCounts}
 */
export function countsOf(inputs) {
  return {
    inputSpikes: inputs[0]?.spikes ?? 0,
    additions: inputs.map(({ additions }) => additions),
    multiplications: inputs.map(({ multiplications }) => multiplications),
  };
}
