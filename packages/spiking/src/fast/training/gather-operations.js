/**
 * What a transposed convolution does (kernels/transposed.h), for a profile.
 */
import { element } from '../element.js';

/**
 * Of valued lists.
 *
 * @param {Pick<import('../heap.js').Heap, 'u32'>} heap
 * @param {Omit<ReturnType<typeof import('./transposed.js').transposedArguments>, 'weights' | 'tile' | 'rows' | 'list' | 'blocks' | 'channels' | 'steps'>} from
 * @param {number} groups of time-steps, each with lists of its own
 * @returns {{ operations: number, bytes: number }} an operation, and 4 bytes of weights, for each entry (of a group)
 *   and each number that it reaches
 */
export function gatherOperations(heap, from, groups) {
  const { ptr, height, width, outHeight, outWidth, outChannels } = from;
  const rows = reached(height, outHeight, from);
  const columns = reached(width, outWidth, from);
  const positions = heap.u32(ptr, height * groups * (width + 1));
  let at = 0;
  let pixels = 0;
  for (let y = 0; y < height; y++) {
    for (let group = 0; group < groups; group++, at++) {
      for (let x = 0; x < width; x++, at++) {
        const entries = element(positions, at + 1) - element(positions, at);
        pixels += entries * element(rows, y) * element(columns, x);
      }
    }
  }
  const operations = pixels * outChannels;
  return { operations, bytes: 4 * operations };
}

/**
 * Of dense values: the same for each of them.
 *
 * @param {Omit<Parameters<typeof gatherOperations>[1], 'ptr'> & { channels: number }} from
 */
export function valuesOperations(from) {
  const { height, width, outHeight, outWidth, outChannels, channels } = from;
  const sum = (/** @type {number[]} */ counts) => counts.reduce((all, count) => all + count, 0);
  const pixels = sum(reached(height, outHeight, from)) * sum(reached(width, outWidth, from));
  const operations = pixels * channels * outChannels;
  return { operations, bytes: 4 * operations };
}

/**
 * How many input positions each output position reaches along one axis.
 *
 * @param {number} size of the output
 * @param {number} inputSize
 * @param {{ kernel: number, stride: number, padding: number, dense: number }} window
 * @returns {number[]}
 */
function reached(size, inputSize, { kernel, stride, padding, dense }) {
  if (dense) return new Array(size).fill(inputSize);
  return Array.from({ length: size }, (_, position) => {
    const first = position * stride - padding;
    return Math.max(0, Math.min(inputSize, first + kernel) - Math.max(0, first));
  });
}
