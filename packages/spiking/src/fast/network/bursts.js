/**
 * A layer's input as bursts (kernels/bursts.h): what its taps receive at each time-step.
 */
import { checkedProduct } from '../heap.js';

const burstBytes = 12;

/**
 * Takes heap above the top.
 *
 * @param {import('./network.js').Network} network
 * @param {number} index
 * @param {ReturnType<typeof import('./conv-arguments.js').convArguments>} conv the layer's input
 * @param {boolean} [beside] whether it is the second one
 * @returns {number} where they are
 */
export function sortedBursts(network, index, conv, beside = false) {
  const { heap } = network;
  const { name, output } = network.layer(index);
  const { input } = network.input(index, beside);
  const what = `the bursts of layer "${name}"`;
  const columns = Math.max(input.width, output.width);
  const bursts = heap.alloc(
    what,
    burstBytes * checkedProduct(what, input.height, columns, conv.steps),
  );
  heap.run('bursts', { conv, bursts });
  return bursts;
}
