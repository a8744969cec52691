/**
 * The encoded image: the first layer's input.
 */
import { element } from '../element.js';
import { checkedProduct } from '../heap.js';
import { inputDropoutMask } from './dropout.js';
import { allocatePositions } from './lists.js';
import { valuedLists } from './valued-lists.js';

/**
 * @typedef {import('./network.js').Network} Network
 * @typedef {import('./network-spec.js').InputImages} InputImages
 * @typedef {import('./lists.js').Lists} Lists
 *
 * The images' lists, and their spikes before pooling and dropout.
 * @typedef {{ lists: Lists, spikes: number }} Encoded
 */

/**
 * Spikes that encode images as lists, pooled and dropped out as the first layer wants them.
 *
 * @param {Network} network
 * @param {InputImages} images
 * @returns {Encoded}
 */
export function encode(network, images) {
  const { heap, spec } = network;
  const { height, width, channels } = spec.plan.input;
  const { before, input } = network.layer(0);
  const steps = images.count * spec.timeSteps;
  const units = height * width * channels;
  const what = 'the spikes of the input';
  const ptr = allocatePositions(network, what, input, steps);
  const list = heap.alloc(what, 4 * checkedProduct(what, units + 1, steps));
  const top = heap.top;
  const pixels = heap.alloc(what, images.count * units * 4);
  heap.f32(pixels, images.count * units).set(images.pixels);
  const keep = inputDropoutMask(network, images);
  const scratch = heap.alloc(what, (2 + images.count) * units * 4);
  const { spikes } = heap.run('encode', {
    ...{ pixels, keep, scratch, ptr, list, kind: spec.encoder === 'poisson' ? 0 : 1 },
    ...{ images: images.count, timeSteps: spec.timeSteps, height, width, channels },
    ...{ pool: before.averagePool, flat: Number(before.flat) },
    ...{ seed: spec.seed | 0, image: images.number | 0 },
  });
  heap.release(top);
  const shape = { ...input, channels: network.inputChannels(0) };
  return { lists: { ptr, list, steps, ...shape }, spikes };
}

/**
 * One image itself, one time-step of valued lists.
 *
 * @param {Network} network
 * @param {InputImages} image
 * @returns {Encoded}
 */
export function encodeConstant(network, image) {
  const nonZero = image.pixels.reduce((n, x) => n + (x === 0 ? 0 : 1), 0);
  const lists = valuedLists(network, pooledImage(network, image), network.layer(0).input);
  return { lists, spikes: network.spec.timeSteps * nonZero };
}

/**
 * One image, pooled (sums; the weights hold the factor) and dropped out.
 *
 * @param {Network} network
 * @param {InputImages} image
 */
export function pooledImage(network, image) {
  const { pixels } = image;
  const { width, height, channels } = network.spec.plan.input;
  const { before, input } = network.layer(0);
  const pool = before.averagePool;
  const keptAt = inputDropoutMask(network, image);
  const kept = keptAt ? network.heap.u8(keptAt, pixels.length) : undefined;
  const pooledWidth = Math.floor(width / pool);
  const sums = new Float32Array(input.height * input.width * input.channels);
  for (let y = 0; y < Math.floor(height / pool) * pool; y++) {
    for (let x = 0; x < pooledWidth * pool; x++) {
      const to = (Math.floor(y / pool) * pooledWidth + Math.floor(x / pool)) * channels;
      const from = (y * width + x) * channels;
      for (let c = 0; c < channels; c++) {
        if (kept?.[from + c] !== 0)
          sums[to + c] = element(sums, to + c) + element(pixels, from + c);
      }
    }
  }
  return sums;
}
