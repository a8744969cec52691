/**
 * Currents as numbers, at all time-steps (kernels/currents.h).
 */
import { checkedProduct } from '../heap.js';

/**
 * Numbers in the heap, [steps][height][width][padded channels]: of 32 bits, floats or, in integer mode, integers.
 *
 * @typedef {{ at: number }} Currents
 */

/**
 * Room for the currents of a layer.
 *
 * @param {import('./network.js').Network} network
 * @param {number} index
 * @param {number} steps of all images
 */
export function allocateCurrents(network, index, steps) {
  const { name, output } = network.layer(index);
  const what = `the currents of layer "${name}"`;
  const padded = network.padded(output.channels);
  const size = checkedProduct(what, steps, output.height, output.width, padded);
  return network.heap.alloc(what, 4 * size);
}

/**
 * Numbers in the heap: floats, or integers in integer mode.
 *
 * @param {import('./network.js').Network} network
 * @param {number} at
 * @param {number} length
 */
export function numbersAt({ heap, spec }, at, length) {
  return spec.integers ? heap.i32(at, length) : heap.f32(at, length);
}
