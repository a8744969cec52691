/**
 * Spikes, and valued ones, as sorted lists (kernels/conv.h): what the kernels read.
 */
import { checkedProduct } from '../heap.js';
import { dropoutMask } from './dropout.js';
import { gatedPool } from './gated-pool.js';

/**
 * @typedef {import('./network.js').Network} Network
 * @typedef {import('../plan.js').Shape} Shape
 *
 * Lists in the heap: of spikes, or valued ones for a constant input.
 * @typedef {object} Lists
 * @property {number} ptr Where each pixel's entries begin, [height][steps][width + 1].
 * @property {number} list The entries.
 * @property {number} steps Of all images.
 * @property {number} channels
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
 * A layer's input from the spikes of the layer that it takes: dropped out (but for second inputs, which no training has)
 * and pooled.
 *
 * @param {Network} network
 * @param {number} index of the layer that reads, not the first
 * @param {import('./spike-bits.js').Bits} bits
 * @param {import('./network-spec.js').InputImages} images
 * @param {boolean} [beside] whether it is the layer's second input
 * @returns {Lists}
 */
export function spikeLists(network, index, bits, images, beside = false) {
  const { heap } = network;
  const steps = images.count * network.spec.timeSteps;
  const { name } = network.layer(index);
  const { before, source, input } = network.input(index, beside);
  const { words } = bits;
  const what = `the input of layer "${name}"`;
  const ptr = allocatePositions(network, what, input, steps);
  const list = heap.alloc(what, 4 * (bits.spikes + 16));
  const top = heap.top;
  let mask = beside ? 0 : dropoutMask(network, index, images);
  let from = bits.at;
  let { height, width } = source;
  if (before.maxPool > 1) {
    const pooledHeight = Math.floor(height / before.maxPool);
    const pooledWidth = Math.floor(width / before.maxPool);
    from = heap.alloc(what, pooledHeight * steps * pooledWidth * words * 4);
    const pooling = {
      ...{ bits: bits.at, mask, result: from, winners: 0 },
      ...{ steps, height, width, words, pool: before.maxPool },
    };
    if (before.gated) gatedPool(heap, { timeSteps: network.spec.timeSteps, ...pooling });
    else heap.run('maxPool', pooling);
    [height, width, mask] = [pooledHeight, pooledWidth, 0];
  }
  heap.run('compress', {
    ...{ bits: from, mask, ptr, list },
    ...{ steps, height, width, channels: source.channels, words },
    ...{ pool: before.averagePool, flat: Number(before.flat), isSigned: Number(network.isSigned) },
  });
  heap.release(top);
  return { ptr, list, steps, channels: network.inputChannels(index, beside) };
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
  return { ptr, list, steps: 1, channels };
}
