/**
 * The first layer's current of a constant input, the same at all time-steps, [outHeight, outWidth, padded channels].
 */
import { checkedProduct } from '../heap.js';
import { convArguments } from './conv-arguments.js';
import { pooledImage } from './encoding.js';

/**
 * @typedef {import('./network.js').Network} Network
 * @typedef {import('./network-spec.js').InputImage} InputImage
 */

/** @param {Network} network @param {import('./spike-lists.js').Lists} lists valued @returns {number} where it is */
export function constantCurrent(network, lists) {
  const result = allocateCurrent(network);
  network.heap.run('valuedCurrent', { conv: convArguments(network, 0, lists), result });
  return result;
}

/** The same in integer mode. @param {Network} network @param {InputImage} image @returns {number} where it is */
export function integerConstantCurrent(network, { pixels, number }) {
  const { heap } = network;
  const result = allocateCurrent(network);
  const { input, output, kernel, stride, padding } = network.layer(0);
  const { weights, bias } = network.packed(0);
  const values = pooledImage(network, { pixels: pixels.map((x) => Math.round(x * 256)), number });
  const from = heap.alloc('the input', values.length * 4);
  heap.i32(from, values.length).set(values);
  heap.run('valuedCurrentInt', {
    ...{ pixels: from, weights, base: bias, result },
    ...{ height: input.height, width: input.width, channels: input.channels },
    ...{ outHeight: output.height, outWidth: output.width, outChannels: output.channels },
    ...{ padded: network.padded(output.channels), kernel, stride, padding },
  });
  return result;
}

/** @param {Network} network */
function allocateCurrent(network) {
  const { output } = network.layer(0);
  const what = 'the current of the input';
  const padded = network.padded(output.channels);
  return network.heap.alloc(what, checkedProduct(what, output.height, output.width, padded) * 4);
}
