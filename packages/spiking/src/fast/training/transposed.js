/**
 * Transposed convolutions: what a layer sends to its input (kernels/transposed.h).
 */
import { maxPoolSize } from '../network/transition.js';
import { valuesOperations } from './gather-operations.js';

/** @typedef {import('./training.js').Training} Training */

/** Time-steps that one entry of the lists holds, and its bytes (kernels/transposed.h). */
export const groupSteps = 4;
export const groupBytes = 4 + 4 * groupSteps;

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

/** Where there are dense values. */
export const noLists = { ptr: 0, list: 0 };

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
 * What layer `index` sends to its input, the same at all time-steps of an image.
 *
 * @param {Training} training
 * @param {number} index
 * @param {number} values at the layer's outputs, [images, height, width, padded channels]
 * @param {number} outStep numbers of a pixel of the result
 * @returns {number} where it is: [images, height, width, outStep] of `inputGradientShape`
 */
export function transposedConvolution(training, index, values, outStep) {
  const { heap, network } = training;
  const { count } = training.passing().images;
  const { output } = network.layer(index);
  const { height, width } = inputGradientShape(training, index);
  const size = height * width * outStep * 4;
  const valuesSize = output.height * output.width * network.padded(output.channels) * 4;
  const result = heap.alloc('a gradient', count * size);
  heap.clear(result, count * size);
  const from = transposedArguments(training, index, noLists, 1);
  for (let i = 0; i < count; i++) {
    heap.laps?.count(valuesOperations(from));
    const places = { values: values + i * valuesSize, result: result + i * size };
    heap.run('gather', { from, ...places, outStep });
  }
  return result;
}
