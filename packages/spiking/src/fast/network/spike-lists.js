/**
 * Spikes, and valued ones, as sorted lists (kernels/conv.h): what the kernels read.
 */
import { element } from '../element.js';
import { checkedProduct } from '../heap.js';
import { partLayout } from '../kernel-layouts.js';
import { groupSizes } from '../placed-weights.js';
import { dropoutMask } from './dropout.js';
import { gatedPool } from './gated-pool.js';
import { synapticOperations } from './synaptic-operations.js';

/**
 * @typedef {import('./network.js').Network} Network
 * @typedef {import('../plan.js').Shape} Shape
 * @typedef {import('../plan.js').PlannedPart} PlannedPart
 * @typedef {import('./spike-bits.js').Bits} Bits
 *
 * Lists in the heap: of spikes, or valued ones for a constant input.
 * @typedef {object} Lists
 * @property {number} ptr Where each pixel's entries begin, [height][steps][width + 1].
 * @property {number} list The entries.
 * @property {number} steps Of all images.
 * @property {number} height
 * @property {number} width
 * @property {number} channels Those for negative spikes among them.
 */

/**
 * Takes room for the positions of lists' pixels, their `ptr`.
 *
 * @param {Network} network
 * @param {string} what
 * @param {{ height: number, width: number }} shape
 * @param {number} steps
 */
export function allocatePositions({ heap }, what, { height, width }, steps) {
  return heap.alloc(what, 4 * checkedProduct(what, height, steps, width + 1));
}

/**
 * An input of a layer from the spikes of those that it takes: dropped out, pooled and side by side. (Only training has
 * dropout, and takes one layer's spikes.)
 *
 * @param {Network} network
 * @param {number} index of the layer that reads
 * @param {import('./layer-input.js').BitsOf} bitsOf
 * @param {import('./network-spec.js').InputImages} images
 * @param {number} [which] of the layer's inputs, not the image
 * @returns {{ lists: Lists, spikes: number, additions: number }} and the spikes before all that, and what the layer's
 *   synapses do with them
 */
export function spikeLists(network, index, bitsOf, images, which = 0) {
  const planned = network.input(index, which);
  const parts = [planned, ...planned.joined];
  const what = `the input of layer "${network.layer(index).name}"`;
  let [spikes, additions] = [0, 0];
  const all = parts.map((part) => {
    const bits = /** @type {Bits} */ (bitsOf(part.from));
    spikes += bits.spikes;
    const masked = which === 0 ? index : undefined;
    const { lists, counted } = averagedLists(
      network,
      what,
      part,
      partLists(network, what, part, bits, images, masked),
      (one) => synapticOperations(network, index, one, which),
    );
    additions += counted;
    return lists;
  });
  const lists = all.length > 1 ? joinedLists(network, what, all, planned.joinedFlat) : all[0];
  return { lists: /** @type {Lists} */ (lists), spikes, additions };
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

/**
 * The lists behind a part's further average-pooling.
 *
 * @template T
 * @param {Network} network
 * @param {string} what
 * @param {PlannedPart} part
 * @param {Lists} lists
 * @param {(lists: Lists) => T} count what to count of its spikes, each once
 * @returns {{ lists: Lists, counted: T }}
 */
function averagedLists(network, what, { before }, lists, count) {
  const { heap } = network;
  let from = lists;
  /** @type {T | undefined} */
  let counted;
  for (const pool of before.averages) {
    if (pool.isWeighted) {
      const top = heap.top;
      counted = count(pooledLists(network, what, from, pool, 0));
      heap.release(top);
    }
    from = pooledLists(network, what, from, pool, pool.isWeighted ? pool.divisor : 0);
  }
  counted ??= count(from);
  const isFlat = before.flat && before.averages.length > 0;
  return { lists: isFlat ? joinedLists(network, what, [from], true) : from, counted };
}

/**
 * @param {Network} network
 * @param {string} what
 * @param {Lists} lists
 * @param {import('../plan.js').PlannedPool} pool
 * @param {number} divisor as the kernel `poolLists` has it
 * @returns {Lists}
 */
function pooledLists(network, what, lists, pool, divisor) {
  const { heap } = network;
  const { steps, channels } = lists;
  const { outHeight: height, outWidth: width } = pool;
  const copies = Math.ceil((divisor || 1) * copiesIn(lists, pool, divisor > 0));
  const room = checkedProduct(what, entriesOf(network, lists), copies);
  const ptr = allocatePositions(network, what, { height, width }, steps);
  const list = heap.alloc(what, 4 * room);
  heap.run('poolLists', { ...lists, pooledPtr: ptr, pooledList: list, ...pool, divisor });
  return { ptr, list, steps, height, width, channels };
}

/**
 * In how many windows of a pooling a pixel is at most; with weights each counts as the part of it that the pixel is.
 *
 * @param {{ height: number, width: number }} size
 * @param {import('../plan.js').PlannedPool} pool
 * @param {boolean} isWeighted
 */
function copiesIn({ height, width }, pool, isWeighted) {
  const rows = { kernel: pool.kernelHeight, stride: pool.strideY, padding: pool.top };
  const columns = { kernel: pool.kernelWidth, stride: pool.strideX, padding: pool.left };
  return (
    mostCopies(height, pool.outHeight, rows, isWeighted) *
    mostCopies(width, pool.outWidth, columns, isWeighted)
  );
}

/**
 * The same along one axis.
 *
 * @param {number} size
 * @param {number} windows
 * @param {{ kernel: number, stride: number, padding: number }} window
 * @param {boolean} isWeighted
 */
function mostCopies(size, windows, { kernel, stride, padding }, isWeighted) {
  const copies = new Float64Array(size);
  for (let i = 0; i < windows; i++) {
    const start = Math.max(0, i * stride - padding);
    const end = Math.min(size, i * stride - padding + kernel);
    for (let x = start; x < end; x++) {
      copies[x] = element(copies, x) + (isWeighted ? 1 / (end - start) : 1);
    }
  }
  return Math.max(...copies);
}

/**
 * Lists of the same pixels and time-steps, by their channels side by side.
 *
 * @param {Network} network
 * @param {string} what
 * @param {readonly Lists[]} all
 * @param {boolean} flat whether all pixels become one
 * @returns {Lists}
 */
function joinedLists(network, what, all, flat) {
  const { heap } = network;
  const [{ height, width, steps }] = /** @type {[Lists]} */ (all);
  const signs = signsOf(network);
  let channels = 0;
  let entries = 0;
  const parts = all.map(({ ptr, list, ...lists }) => {
    const part = { ptr, list, first: channels, channels: lists.channels / signs };
    channels += part.channels;
    entries += entriesOf(network, { ptr, list, ...lists });
    return part;
  });
  const shape = flat ? { height: 1, width: 1 } : { height, width };
  const ptr = allocatePositions(network, what, shape, steps);
  const list = heap.alloc(what, 4 * entries);
  const top = heap.top;
  heap.run('joinLists', {
    ...{ parts: heap.structures(what, partLayout, parts), count: parts.length, ptr, list },
    ...{ height, steps, width, channels, flat: Number(flat), isSigned: Number(network.isSigned) },
  });
  heap.release(top);
  const perSign = flat ? height * width * channels : channels;
  return { ptr, list, steps, ...shape, channels: signs * perSign };
}

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

/** How many channels lists of spikes have for one. @param {Network} network */
function signsOf({ isSigned }) {
  return isSigned ? 2 : 1;
}

/** How many entries lists have. @param {Network} network @param {Lists} lists */
function entriesOf({ heap }, { ptr, steps, height, width }) {
  const positions = height * steps * (width + 1);
  return element(heap.u32(ptr, positions), positions - 1);
}

/**
 * Numbers as valued lists of one time-step.
 *
 * @param {Network} network
 * @param {Float32Array} values
 * @param {Shape} shape
 * @returns {Lists}
 */
export function valuedLists(network, values, shape) {
  const { heap } = network;
  const what = 'the input';
  const ptr = allocatePositions(network, what, shape, 1);
  const list = heap.alloc(what, (values.length + 1) * 8);
  const top = heap.top;
  const from = heap.alloc(what, values.length * 4);
  heap.f32(from, values.length).set(values);
  const { height, width, channels } = shape;
  heap.run('compressValues', {
    ...{ values: from, ptr, list },
    ...{ rows: height, steps: 1, width, channels, padded: channels, start: 0 },
  });
  heap.release(top);
  return { ptr, list, steps: 1, height, width, channels };
}
