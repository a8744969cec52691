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
 * @param {ReturnType<typeof import('./conv-arguments.js').convArguments>} conv an input of the layer
 * @returns {number} where they are
 */
export function sortedBursts(network, index, conv) {
  const { heap } = network;
  const what = `the bursts of layer "${network.layer(index).name}"`;
  const columns = Math.max(conv.width, conv.outWidth);
  const rows = conv.height * (conv.grouped ? conv.blocks : 1);
  const bursts = heap.alloc(what, burstBytes * checkedProduct(what, rows, columns, conv.steps));
  heap.run('bursts', { conv, bursts });
  return bursts;
}
