/**
 * A constant input: the first layer's current, the same at all time-steps of an image.
 */
import { checkedProduct } from '../heap.js';
import { convArguments, windowOf } from './conv-arguments.js';
import { encodeConstant, pooledImage } from './encoding.js';
import { allocatePositions } from './lists.js';
import { constantOperations } from './synaptic-operations.js';

/**
 * @typedef {import('./network.js').Network} Network
 * @typedef {import('./network-spec.js').InputImages} InputImages
 */

/**
 * The first layer's input: a current, and no spikes at any time-step. Takes heap above the top.
 *
 * @param {Network} network
 * @param {InputImages} images
 * @returns {import('./layer-input.js').LayerInput}
 */
export function constantInput(network, images) {
  const { heap, spec } = network;
  const { input, output } = network.layer(0);
  const size = output.height * output.width * network.padded(output.channels) * 4;
  const what = 'the current of the input';
  // [images, outHeight, outWidth, padded channels]
  const current = heap.alloc(what, checkedProduct(what, images.count, size));
  const top = heap.top;
  let spikes = 0;
  let multiplications = 0;
  for (let i = 0; i < images.count; i++) {
    const image = imageAt(images, i);
    const encoded = encodeConstant(network, image);
    spikes += encoded.spikes;
    multiplications += constantOperations(network, 0, encoded.lists);
    const result = current + i * size;
    if (spec.integers) integerCurrent(network, image, result);
    else heap.run('valuedCurrent', { conv: convArguments(network, 0, encoded.lists), result });
    heap.release(top);
  }
  const steps = images.count * spec.timeSteps;
  const ptr = allocatePositions(network, 'the input', input, steps);
  heap.clear(ptr, input.height * steps * (input.width + 1) * 4);
  const silent = { ptr, list: 0, steps, ...input };
  return {
    conv: convArguments(network, 0, silent, { current }),
    currents: 0,
    spikes,
    additions: 0,
    multiplications,
  };
}

/** One of several images. @param {InputImages} images @param {number} i @returns {InputImages} */
export function imageAt({ pixels, number, count }, i) {
  const size = pixels.length / count;
  return { pixels: pixels.subarray(i * size, (i + 1) * size), number: number + i, count: 1 };
}

/** One image's current in integer mode. @param {Network} network @param {InputImages} image @param {number} result */
function integerCurrent(network, image, result) {
  const { heap } = network;
  const { input, output, ...planned } = network.layer(0);
  const { weights, bias } = network.packed(0);
  const pixels = image.pixels.map((x) => Math.round(x * 256));
  const values = pooledImage(network, { ...image, pixels });
  const from = heap.alloc('the input', values.length * 4);
  heap.i32(from, values.length).set(values);
  heap.run('valuedCurrentInt', {
    ...{ pixels: from, weights: /** @type {number} */ (weights[0]), base: bias, result },
    ...{ height: input.height, width: input.width, channels: input.channels },
    ...{ outHeight: output.height, outWidth: output.width, outChannels: output.channels },
    ...{ padded: network.padded(output.channels), ...windowOf(planned) },
  });
}
