/**
 * Neurons of two inputs in integer mode.
 */
import { takesBack } from '../../taking-back.js';
import { checkedProduct } from '../heap.js';
import { integerNeuronArguments } from './neuron-arguments.js';

/** A membrane stays within ± this (kernels/integer.h). */
const limit = 2 ** 30;

/** The resets, as `struct neuron_int` has them. */
const [soft, delayed] = [0, 1];

/**
 * One input's convolution with its bursts.
 * @typedef {{ conv: ReturnType<typeof import('./conv-arguments.js').convArguments>, bursts: number }} Convolved
 */

/**
 * The spikes of neurons that take the currents of two convolutions. The kernels add up each of them over time; what has
 * come since the step before is a difference of two sums, exact even where these run over 32 bits.
 *
 * @param {import('./network.js').Network} network
 * @param {number} index
 * @param {number} bits result, as of the kernel `forwardInt`
 * @param {readonly Convolved[]} inputs
 */
export function forwardIntegerSum(network, index, bits, inputs) {
  const { heap } = network;
  const { timeSteps } = network.spec;
  const { steps } = /** @type {Convolved} */ (inputs[0]).conv;
  const { height, width, channels } = network.layer(index).output;
  const padded = network.padded(channels);
  const words = network.words(channels);
  const pixels = height * width;
  const [a, b] = inputs.map((input) => summed(network, index, input));
  const first = heap.i32(/** @type {number} */ (a), steps * pixels * padded);
  const second = heap.i32(/** @type {number} */ (b), steps * pixels * padded);
  const map = height * steps * width * words;
  const spikes = heap.u32(bits, (network.isSigned ? 2 : 1) * map);
  const neuron = integerNeuronArguments(network, index);
  const row = pixels * padded;
  spikes.fill(0);
  for (let pixel = 0; pixel < pixels; pixel++) {
    const place = (Math.floor(pixel / width) * steps * width + (pixel % width)) * words;
    for (let c = 0; c < channels; c++) {
      let membrane = 0;
      let before = 0;
      let sent = 0;
      for (let t = 0, at = pixel * padded + c; t < steps; t++, at += row) {
        if (t % timeSteps === 0) [membrane, before, sent] = [neuron.initial, 0, 0];
        const sum = (num(first, at) + num(second, at)) | 0;
        const u = clamped(membrane + ((sum - before) | 0));
        before = sum;
        const spike = u > neuron.silent ? 1 : network.isSigned && takesBack(u, sent) ? -1 : 0;
        membrane = carried(neuron, spike, u);
        sent += spike;
        if (spike !== 0) {
          const word = (spike < 0 ? map : 0) + place + t * width * words + (c >>> 5);
          spikes[word] = num(spikes, word) | (1 << (c & 31));
        }
      }
    }
  }
}

/**
 * An input's current, summed over an image's time, after each time-step: [images' time-steps, height, width, padded
 * channels].
 *
 * @param {import('./network.js').Network} network
 * @param {number} index
 * @param {Convolved} input
 */
function summed(network, index, { conv, bursts }) {
  const { heap } = network;
  const { timeSteps } = network.spec;
  const { name, output } = network.layer(index);
  const what = `the currents of layer "${name}"`;
  const padded = network.padded(output.channels);
  const floats = checkedProduct(what, conv.steps, output.height * output.width, padded);
  const potentials = heap.alloc(what, floats * 4);
  const recordAt = heap.alloc(what, timeSteps * 4);
  heap.u32(recordAt, timeSteps).set(Array.from({ length: timeSteps }, (_, t) => t + 1));
  heap.run('integrateInt', { conv, bursts, recordAt, potentials, records: timeSteps });
  return potentials;
}

/** @param {number} u */
function clamped(u) {
  return Math.min(limit, Math.max(-limit, u));
}

/**
 * The membrane that the next time-step begins with.
 *
 * @param {ReturnType<typeof integerNeuronArguments>} neuron
 * @param {number} spike
 * @param {number} u
 */
function carried({ reset, leak, threshold }, spike, u) {
  const taken = threshold * spike;
  if (reset === soft) return leaked(leak, u - taken);
  if (reset === delayed) return leaked(leak, u) - taken;
  return spike === 0 ? leaked(leak, u) : 0;
}

/** λu, rounded, halves up. @param {number} leak λ · 2¹⁵ @param {number} u */
function leaked(leak, u) {
  return leak === 1 << 15 ? u : Math.floor((u * leak) / 2 ** 15 + 0.5);
}

/** A number of an array that is known to have it. @param {Int32Array | Uint32Array} array @param {number} at */
function num(array, at) {
  return /** @type {number} */ (array[at]);
}
