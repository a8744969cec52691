/**
 * Transposed convolutions: what a layer sends to its input (kernels/transposed.h).
 */
import { maxPoolSize } from '../network/transition.js';

/** @typedef {import('./training.js').Training} Training */

/**
 * The pixels that a layer's gradient is sent to: its input, of which a flat one has as many pixels as there
 * were before.
 *
 * @param {Training} training
 * @param {number} index
 */
export function inputGradientShape({ network }, index) {
  const { before, source, input } = network.layer(index);
  if (!before.flat) return { ...input, dense: 0 };
  const pool = maxPoolSize(before) * before.averagePool;
  const height = Math.floor(source.height / pool);
  const width = Math.floor(source.width / pool);
  return { height, width, channels: source.channels, dense: 1 };
}

/**
 * `struct transposed`: what layer `index` sends to its input.
 *
 * @param {Training} training
 * @param {number} index
 * @param {{ ptr: number, list: number }} lists
 * @param {number} steps
 */
export function transposedArguments(training, index, { ptr, list }, steps) {
  const { network, tile } = training;
  const { kernelHeight: kernel, strideY: stride, top: padding, output } = network.layer(index);
  const to = inputGradientShape(training, index);
  return {
    ...{ ptr, list, weights: /** @type {number} */ (network.packed(index).weights[0]), tile },
    ...{ rows: network.inputChannels(index), steps },
    ...{ height: output.height, width: output.width, channels: output.channels },
    ...{ outHeight: to.height, outWidth: to.width, outChannels: to.channels },
    ...{ kernel, stride, padding, blocks: network.blocks(to.channels), dense: to.dense },
  };
}

/**
 * What layer `index` sends to its input, for lists of one time-step.
 *
 * @param {Training} training
 * @param {number} index
 * @param {{ ptr: number, list: number }} lists
 * @returns {number} where it is: [height, width, padded channels] of `inputGradientShape`
 */
export function transposedConvolution(training, index, lists) {
  const { heap, network } = training;
  const { height, width, channels } = inputGradientShape(training, index);
  const result = heap.alloc('a gradient', height * width * network.padded(channels) * 4);
  heap.run('gather', { from: transposedArguments(training, index, lists, 1), result });
  return result;
}
