/**
 * Masks of the units that dropout keeps.
 */
import { element } from '../element.js';

/** @typedef {import('./network.js').Network} Network */

/**
 * The units of a layer's source that are kept, as bits; 0 where dropout removes none.
 *
 * @param {Network} network
 * @param {number} index
 * @param {import('./network-spec.js').InputImages} images only one where there is dropout
 */
export function dropoutMask(network, index, { number: image }) {
  const { heap, spec } = network;
  const { before, source } = network.layer(index);
  const dropouts = spec.dropout ? before.dropouts.filter(({ rate }) => rate > 0) : [];
  if (dropouts.length === 0) return 0;
  const { height, width, channels } = source;
  const words = network.words(channels);
  const mask = heap.alloc('a dropout mask', height * width * words * 4);
  heap.u8(mask, height * width * words * 4).fill(255);
  for (const { rate, layer, pool } of dropouts) {
    heap.run('dropout', {
      ...{ mask, height, width, channels, words, pool },
      ...{ seed: spec.seed | 0, image: image | 0, layer },
      dropped: Math.round(rate * 16777216),
    });
  }
  return mask;
}

/**
 * The same for the image, as bytes: 0 for pixels that are removed.
 *
 * @param {Network} network
 * @param {import('./network-spec.js').InputImages} images only one where there is dropout
 */
export function inputDropoutMask(network, images) {
  const bits = dropoutMask(network, 0, images);
  if (bits === 0) return 0;
  const { heap } = network;
  const { height, width, channels } = network.layer(0).source;
  const words = network.words(channels);
  const mask = heap.alloc('dropout of the input', height * width * channels);
  const from = heap.u32(bits, height * width * words);
  const to = heap.u8(mask, height * width * channels);
  for (let pixel = 0; pixel < height * width; pixel++) {
    for (let c = 0; c < channels; c++) {
      to[pixel * channels + c] = (element(from, pixel * words + (c >>> 5)) >>> (c & 31)) & 1;
    }
  }
  return mask;
}
