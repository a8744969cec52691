/**
 * The input of a layer, ready for a kernel.
 */
import { constantCurrent, integerConstantCurrent } from './constant-current.js';
import { convArguments } from './conv-arguments.js';
import { encode } from './encoding.js';
import { allocatePositions, spikeLists } from './spike-lists.js';
import { synapticOperations } from './synaptic-operations.js';

/**
 * The layer's `struct conv`, the spikes that come in, and what the synapses do with them: additions for spikes,
 * multiplications for the numbers of a constant input, which come at every time-step. Takes heap above the top.
 *
 * @param {import('./network.js').Network} network
 * @param {number} index
 * @param {import('./spike-bits.js').Bits | undefined} bits spikes of the layer before; undefined for the first layer
 * @param {import('./network-spec.js').InputImage} image
 * @param {boolean} [beside] whether it is the layer's second input
 */
export function layerInput(network, index, bits, image, beside = false) {
  if (bits) {
    const lists = spikeLists(network, index, bits, image.number, beside);
    const additions = synapticOperations(network, index, lists, beside);
    return {
      conv: convArguments(network, index, lists, { beside }),
      spikes: bits.spikes,
      additions,
      multiplications: 0,
    };
  }
  const { lists, spikes } = encode(network, image);
  const operations = synapticOperations(network, index, lists);
  if (!network.isConstant(index)) {
    const conv = convArguments(network, index, lists);
    return { conv, spikes, additions: operations, multiplications: 0 };
  }
  // A constant input is a constant current: no spikes arrive at any time-step.
  const current = network.spec.integers
    ? integerConstantCurrent(network, image)
    : constantCurrent(network, lists);
  const { timeSteps } = network.spec;
  const { input } = network.layer(index);
  const ptr = allocatePositions(network, 'the input', input, timeSteps);
  network.heap.clear(ptr, input.height * timeSteps * (input.width + 1) * 4);
  const silent = { ...lists, ptr, steps: timeSteps };
  return {
    conv: convArguments(network, index, silent, { current }),
    spikes,
    additions: 0,
    multiplications: operations * timeSteps,
  };
}
