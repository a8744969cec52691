/**
 * Pooling of numbers: sums in the place of means, as the next weights hold the factor.
 */
import { element } from '../element.js';

/**
 * @typedef {import('../plan.js').Transition} Transition
 * @typedef {import('../plan.js').PlannedPool} PlannedPool
 *
 * @typedef {object} Numbers
 * @property {Float32Array | Int32Array} values [steps][height][width][stride]
 * @property {number} steps
 * @property {number} height
 * @property {number} width
 * @property {number} channels
 * @property {number} stride Numbers from one pixel to the next.
 */

/**
 * Numbers behind all poolings of a transition.
 *
 * @param {Numbers} numbers
 * @param {Pick<Transition, 'maxPools' | 'averagePool' | 'averages'>} before
 * @returns {Numbers}
 */
export function pooledNumbers(numbers, { maxPools, averagePool, averages }) {
  let result = numbers;
  for (const pool of maxPools) result = pooled(result, pool, largestInto);
  if (averagePool > 1) result = pooled(result, plainPool(result, averagePool), sumInto);
  for (const { divisor, isWeighted, ...pool } of averages) {
    result = pooled(result, pool, isWeighted ? weightedSumInto(divisor) : sumInto);
  }
  return result;
}

/**
 * Which pixels a part has numbers at: all, but for those of windows in the padding alone.
 *
 * @param {import('../plan.js').PlannedPart} part
 */
export function presentPixels({ source, before }) {
  const { height, width } = source;
  const values = new Float32Array(height * width).fill(1);
  const all = { values, steps: 1, height, width, channels: 1, stride: 1 };
  const found = pooledNumbers(all, before);
  return { height: found.height, width: found.width, present: found.values };
}

/** Square windows without overlap. @param {Numbers} numbers @param {number} side @returns {PlannedPool} */
function plainPool({ height, width }, side) {
  return {
    ...{ kernelHeight: side, kernelWidth: side, strideY: side, strideX: side, top: 0, left: 0 },
    ...{ outHeight: Math.floor(height / side), outWidth: Math.floor(width / side) },
  };
}

/**
 * Adds a pixel, one of `count` of a window, to what was found of the window.
 *
 * @typedef {(to: Numbers['values'], at: number, from: Numbers['values'], pixel: number, channels: number, isFirst: boolean, count: number) => void} Into
 */

/**
 * @param {Numbers} numbers
 * @param {PlannedPool} pool
 * @param {Into} into
 * @returns {Numbers}
 */
function pooled({ values, steps, height, width, channels, stride }, pool, into) {
  const { outHeight, outWidth, kernelHeight, kernelWidth, strideY, strideX } = pool;
  const length = steps * outHeight * outWidth * channels;
  const result = values instanceof Int32Array ? new Int32Array(length) : new Float32Array(length);
  let at = 0;
  for (let t = 0; t < steps; t++) {
    for (let oy = 0; oy < outHeight; oy++) {
      const y = oy * strideY - pool.top;
      const [up, down] = [Math.max(0, y), Math.min(height, y + kernelHeight)];
      for (let ox = 0; ox < outWidth; ox++, at += channels) {
        const x = ox * strideX - pool.left;
        const [start, end] = [Math.max(0, x), Math.min(width, x + kernelWidth)];
        const count = (down - up) * (end - start);
        for (let row = up; row < down; row++) {
          for (let column = start; column < end; column++) {
            const pixel = ((t * height + row) * width + column) * stride;
            into(result, at, values, pixel, channels, row === up && column === start, count);
          }
        }
      }
    }
  }
  return { values: result, steps, height: outHeight, width: outWidth, channels, stride: channels };
}

/** @type {Into} */
function sumInto(to, at, from, pixel, channels) {
  for (let c = 0; c < channels; c++) to[at + c] = element(to, at + c) + element(from, pixel + c);
}

/** Of windows that leave their padding out of their means, which have the divisor in common. @param {number} divisor @returns {Into} */
function weightedSumInto(divisor) {
  return (to, at, from, pixel, channels, _, count) => {
    for (let c = 0; c < channels; c++) {
      to[at + c] = element(to, at + c) + (divisor / count) * element(from, pixel + c);
    }
  };
}

/** @type {Into} */
function largestInto(to, at, from, pixel, channels, isFirst) {
  for (let c = 0; c < channels; c++) {
    const value = element(from, pixel + c);
    if (isFirst || value > element(to, at + c)) to[at + c] = value;
  }
}
