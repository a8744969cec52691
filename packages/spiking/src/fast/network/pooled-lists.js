/**
 * Average-pooling of spikes whose windows overlap, or leave their padding out: of lists, as one pixel is in several.
 */
import { element } from '../element.js';
import { checkedProduct } from '../heap.js';
import { joinedLists } from './joined-lists.js';
import { allocatePositions, entriesOf } from './lists.js';

/**
 * @typedef {import('./network.js').Network} Network
 * @typedef {import('../plan.js').PlannedPart} PlannedPart
 * @typedef {import('./lists.js').Lists} Lists
 */

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
export function averagedLists(network, what, { before }, lists, count) {
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
export function copiesIn({ height, width }, pool, isWeighted) {
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
