/**
 * The input of a layer, ready for a kernel.
 */
import { constantCurrent, integerConstantCurrent } from './constant-current.js';
import { convArguments } from './conv-arguments.js';
import { encode } from './encoding.js';
import { allocatePositions, spikeLists } from './spike-lists.js';

/**
 * The layer's `struct conv`, and the spikes that come in. Takes heap above the top.
 *
 * @param {import('./network.js').Network} network
 * @param {number} index
 * @param {import('./spike-bits.js').Bits | undefined} bits spikes of the layer before; undefined for the first layer
 * @param {import('./network-spec.js').InputImage} image
 */
export function layerInput(network, index, bits, image) {
  if (bits) {
    const lists = spikeLists(network, index, bits, image.number);
    return { conv: convArguments(network, index, lists), spikes: bits.spikes };
  }
  const { lists, spikes } = encode(network, image);
  if (!network.isConstant(index)) return { conv: convArguments(network, index, lists), spikes };
  // A constant input is a constant current: no spikes arrive at any time-step.
  const current = network.spec.integers
    ? integerConstantCurrent(network, image)
    : constantCurrent(network, lists);
  const { timeSteps } = network.spec;
  const { input } = network.layer(index);
  const ptr = allocatePositions(network, 'the input', input, timeSteps);
  network.heap.clear(ptr, input.height * timeSteps * (input.width + 1) * 4);
  const silent = { ...lists, ptr, steps: timeSteps };
  return { conv: convArguments(network, index, silent, current), spikes };
}
