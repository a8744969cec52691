/**
 * The input of a layer that takes several, side by side (joint.ts).
 */
import { checkedProduct } from '../heap.js';
import { gatedPool } from './gated-pool.js';

/**
 * @typedef {import('./network.js').Network} Network
 * @typedef {import('./spike-bits.js').Bits} Bits
 * @typedef {import('../joint.js').JointPart} JointPart
 */

/**
 * The spikes that a layer takes: those of one layer, or of several in one buffer.
 *
 * @param {Network} network
 * @param {number} index
 * @param {readonly Bits[]} bits by layer
 * @param {number} steps of all images
 * @returns {Bits | undefined} undefined for the first layer
 */
export function takenBits(network, index, bits, steps) {
  const { joint, from } = network.layer(index);
  return joint ? joinedBits(network, index, joint, bits, steps) : bits[from];
}

/**
 * @param {Network} network
 * @param {number} index
 * @param {readonly JointPart[]} parts
 * @param {readonly Bits[]} bits
 * @param {number} steps
 * @returns {Bits}
 */
function joinedBits(network, index, parts, bits, steps) {
  const { heap } = network;
  const { name, input } = network.layer(index);
  const what = `the input of layer "${name}"`;
  const words = network.words(input.channels);
  const size = checkedProduct(what, input.height, steps, input.width, words);
  const at = heap.alloc(what, size * 4);
  heap.clear(at, size * 4);
  for (const part of parts) {
    const top = heap.top;
    const from = pooled(network, part, /** @type {Bits} */ (bits[part.from]), steps);
    copyWords(network, part, from, { at, words, ...input }, steps);
    heap.release(top);
  }
  const { spikes } = heap.run('count', { bits: at, words: size });
  return { at, words, bytes: size * 4, spikes };
}

/**
 * The bits of a part behind its max-pooling.
 *
 * @param {Network} network
 * @param {JointPart} part
 * @param {Bits} bits
 * @param {number} steps
 */
function pooled({ heap, spec }, { before, source }, { at, words }, steps) {
  const [pool] = before.maxPools;
  const { height, width } = source;
  if (!pool) return { at, words, height, width };
  const { gated, ...windows } = pool;
  const small = { height: pool.outHeight, width: pool.outWidth };
  const result = heap.alloc('pooled spikes', small.height * steps * small.width * words * 4);
  const sizes = { bits: at, mask: 0, result, winners: 0, steps, height, width, words, ...windows };
  if (gated) gatedPool(heap, { timeSteps: spec.timeSteps, ...sizes });
  else heap.run('maxPool', sizes);
  return { at: result, words, ...small };
}

/**
 * @param {Network} network
 * @param {JointPart} part
 * @param {{ at: number, words: number, height: number, width: number }} from
 * @param {{ at: number, words: number, height: number, width: number }} to
 * @param {number} steps
 */
function copyWords({ heap }, { first, step, shape }, from, to, steps) {
  const count = Math.ceil(shape.channels / 32);
  const source = heap.u32(from.at, from.height * steps * from.width * from.words);
  const result = heap.u32(to.at, to.height * steps * to.width * to.words);
  for (let row = 0; row < to.height * steps; row++) {
    const y = Math.floor(row / steps);
    const line = (y * step * steps + (row % steps)) * from.width;
    for (let x = 0; x < to.width; x++) {
      const start = (line + x * step) * from.words;
      const place = (row * to.width + x) * to.words + first / 32;
      for (let word = 0; word < count; word++) {
        result[place + word] = /** @type {number} */ (source[start + word]);
      }
    }
  }
}
