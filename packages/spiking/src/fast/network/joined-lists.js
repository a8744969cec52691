/**
 * Concatenation of spikes, and their pixels as one.
 */
import { partLayout } from '../kernel-layouts.js';
import { allocatePositions, entriesOf, signsOf } from './lists.js';

/**
 * @typedef {import('./network.js').Network} Network
 * @typedef {import('./lists.js').Lists} Lists
 */

/**
 * Lists of the same pixels and time-steps, by their channels side by side.
 *
 * @param {Network} network
 * @param {string} what
 * @param {readonly Lists[]} all
 * @param {boolean} flat whether all pixels become one
 * @returns {Lists}
 */
export function joinedLists(network, what, all, flat) {
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
