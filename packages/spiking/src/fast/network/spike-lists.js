/**
 * The spikes of layers as the lists that a layer reads.
 */
import { checkedProduct } from '../heap.js';
import { dropoutMask } from './dropout.js';
import { gatedPool } from './gated-pool.js';
import { joinedLists } from './joined-lists.js';
import { allocatePositions, signsOf } from './lists.js';
import { averagedLists, copiesIn } from './pooled-lists.js';
import { synapticOperations } from './synaptic-operations.js';

/**
 * @typedef {import('./network.js').Network} Network
 * @typedef {import('../plan.js').PlannedPart} PlannedPart
 * @typedef {import('./spike-bits.js').Bits} Bits
 * @typedef {import('./lists.js').Lists} Lists
 */

/**
 * An input of a layer from the spikes of those that it takes: dropped out, pooled and side by side. (Only training has
 * dropout, and takes one layer's spikes.)
 *
 * @param {Network} network
 * @param {number} index of the layer that reads
 * @param {import('./layer-input.js').OutputOf} outputOf
 * @param {import('./network-spec.js').InputImages} images
 * @param {number} [which] of the layer's inputs, not the image
 * @returns {{ lists: Lists, spikes: number, additions: number }} and the spikes before all that, and what the layer's
 *   synapses do with them
 */
export function spikeLists(network, index, outputOf, images, which = 0) {
  const planned = network.input(index, which);
  const parts = [planned, ...planned.joined];
  const what = `the input of layer "${network.layer(index).name}"`;
  let [spikes, additions] = [0, 0];
  const all = parts.map((part) => {
    const bits = /** @type {Bits} */ (outputOf(part.from));
    spikes += bits.spikes;
    const { lists, counted } = partSpikes(network, index, part, bits, images, { what, which });
    additions += counted;
    return lists;
  });
  const lists = all.length > 1 ? joinedLists(network, what, all, planned.joinedFlat) : all[0];
  return { lists: /** @type {Lists} */ (lists), spikes, additions };
}

/**
 * The spikes of a part of a layer's input, behind all that is done to them.
 *
 * @param {Network} network
 * @param {number} index of the layer that reads
 * @param {PlannedPart} part
 * @param {Bits} bits
 * @param {import('./network-spec.js').InputImages} images
 * @param {{ what: string, which: number }} options what they are for, and which of the layer's inputs they are a part of
 * @returns {{ lists: Lists, counted: number }} and what the layer's synapses do with them
 */
export function partSpikes(network, index, part, bits, images, { what, which }) {
  const masked = which === 0 ? index : undefined;
  const lists = partLists(network, what, part, bits, images, masked);
  return averagedLists(network, what, part, lists, (one) =>
    synapticOperations(network, index, one, which),
  );
}

/**
 * A part's lists before its further average-pooling.
 *
 * @param {Network} network
 * @param {string} what
 * @param {PlannedPart} part
 * @param {Bits} bits
 * @param {import('./network-spec.js').InputImages} images
 * @param {number | undefined} masked the layer whose dropout it has
 * @returns {Lists}
 */
function partLists(network, what, { before, source }, bits, images, masked) {
  const { heap, spec } = network;
  const steps = images.count * spec.timeSteps;
  const { words } = bits;
  const { averagePool: pool, averages, flat } = before;
  const isFlat = flat && averages.length === 0;
  let copies = 1;
  let pooled = source;
  for (const windows of before.maxPools) {
    copies *= copiesIn(pooled, windows, false);
    pooled = { ...pooled, height: windows.outHeight, width: windows.outWidth };
  }
  const size = { height: Math.floor(pooled.height / pool), width: Math.floor(pooled.width / pool) };
  const shape = isFlat ? { height: 1, width: 1 } : size;
  const ptr = allocatePositions(network, what, shape, steps);
  const list = heap.alloc(what, 4 * (checkedProduct(what, bits.spikes, copies) + 16));
  const top = heap.top;
  let mask = masked === undefined ? 0 : dropoutMask(network, masked, images);
  let from = bits.at;
  let { height, width } = source;
  for (const { gated, ...windows } of before.maxPools) {
    const { outHeight, outWidth } = windows;
    const result = heap.alloc(what, 4 * checkedProduct(what, outHeight, steps, outWidth, words));
    const pooling = {
      ...{ bits: from, mask, result, winners: 0, steps, height, width, words },
      ...windows,
    };
    if (gated) gatedPool(heap, { timeSteps: spec.timeSteps, ...pooling });
    else heap.run('maxPool', pooling);
    [from, height, width, mask] = [result, outHeight, outWidth, 0];
  }
  const { channels } = source;
  heap.run('compress', {
    ...{ bits: from, mask, ptr, list, steps, height, width, channels, words },
    ...{ pool, flat: Number(isFlat), isSigned: Number(network.isSigned) },
  });
  heap.release(top);
  const perSign = isFlat ? size.height * size.width * channels : channels;
  return { ptr, list, steps, ...shape, channels: signsOf(network) * perSign };
}
