import { allocatePositions } from './lists.js';

/**
 * Numbers as valued lists of one time-step.
 *
 * @param {import('./network.js').Network} network
 * @param {Float32Array} values
 * @param {import('../plan.js').Shape} shape
 * @returns {import('./lists.js').Lists}
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
