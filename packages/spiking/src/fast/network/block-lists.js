/**
 * The input of a convolution of groups (kernels/lists.h).
 */
import { checkedProduct } from '../heap.js';
import { groupSizes } from '../placed-weights.js';
import { entriesOf, signsOf } from './lists.js';

/**
 * @typedef {import('./network.js').Network} Network
 * @typedef {import('./lists.js').Lists} Lists
 */

/**
 * Lists for each block of outputs, of the channels of its groups.
 *
 * @param {Network} network
 * @param {number} index
 * @param {Lists} lists the input's
 * @param {number} which of the layer's inputs
 * @returns {Lists}
 */
export function blockLists(network, index, lists, which) {
  const { heap } = network;
  const { name, output } = network.layer(index);
  const { groups, input } = network.input(index, which);
  const what = `the input of layer "${name}"`;
  const sizes = groupSizes({ groups, inputs: input.channels, outputs: output.channels });
  const { height, width, steps } = lists;
  const signs = signsOf(network);
  const blocks = network.blocks(output.channels);
  const rows = network.blockRows(index, which);
  const blockPtr = heap.alloc(what, 4 * checkedProduct(what, blocks, height, steps, width + 1));
  const copies = Math.ceil((sizes.groupOutputs - 1) / network.block) + 1;
  const entries = checkedProduct(what, entriesOf(network, lists), copies);
  const blockList = heap.alloc(what, 4 * entries);
  const top = heap.top;
  const scratch = heap.alloc(what, 8 * (blocks + lists.channels));
  heap.run('splitLists', {
    ...{ ...lists, blockPtr, blockList, scratch, blocks, ...sizes, rows, signs },
    channels: input.channels,
  });
  heap.release(top);
  return { ...lists, ptr: blockPtr, list: blockList, channels: signs * rows };
}
