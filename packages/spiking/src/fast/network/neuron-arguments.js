/**
 * A layer's neurons as the kernels want them.
 */
import { probeStepsOf } from '../../offset-spikes.js';
import { lowOf } from '../../taking-back.js';
import { element } from '../element.js';

/** @typedef {import('./network.js').Network} Network */

const resets = { soft: 0, 'delayed-soft': 1, hard: 2 };

/** `struct neuron`. @param {Network} network @param {number} index */
export function neuronArguments(network, index) {
  const { reset, leak, firing, initial, signed } = integrateAndFire(network);
  const threshold = Math.fround(network.threshold(index));
  const silent = firing === 'strict' ? threshold : floatBelow(threshold);
  const first = threshold < Infinity ? Math.fround(leak) * Math.fround(initial * threshold) : 0;
  const takingBack = { isSigned: Number(signed ?? false), low: lowOf(threshold) };
  const probeSteps = probeStepsOf(network.spec.neuron);
  return {
    reset: resets[reset],
    leak,
    threshold,
    silent,
    initial: first,
    ...takingBack,
    probeSteps,
  };
}

/** `struct neuron_int`. @param {Network} network @param {number} index */
export function integerNeuronArguments(network, index) {
  const { reset, leak, firing, initial, signed } = integrateAndFire(network);
  const threshold = network.spec.integers?.[index]?.threshold ?? 0;
  const silent = firing === 'strict' ? threshold : threshold - 1;
  const kept = Math.round(leak * 2 ** 15);
  const first = Math.round((Math.round(initial * threshold) * kept) / 2 ** 15);
  // Below −θ/8 is, for integers, below its ceiling.
  const low = Math.ceil(lowOf(threshold));
  const takingBack = { isSigned: Number(signed ?? false), low };
  const probeSteps = probeStepsOf(network.spec.neuron);
  return {
    ...{ reset: resets[reset], leak: kept, threshold, silent, initial: first, ...takingBack },
    probeSteps,
  };
}

/** `struct adaptive`. @param {Network} network @param {number} index */
export function adaptiveNeuronArguments(network, index) {
  const { neuron } = network.spec;
  if (neuron.kind !== 'adaptive') throw new Error('The neurons are not adaptive.');
  const { growth, thresholdDecay, refractoryDecay, currentDecay, membraneDecay } = neuron;
  const rest = (1 - refractoryDecay) * neuron.rest * network.threshold(index);
  return { currentDecay, membraneDecay, refractoryDecay, thresholdDecay, growth, rest };
}

/** @param {Network} network */
function integrateAndFire({ spec: { neuron } }) {
  if (neuron.kind === 'adaptive') throw new Error('The neurons are adaptive.');
  return neuron;
}

/** The largest 32-bit float below a positive one. @param {number} x */
function floatBelow(x) {
  if (x === Infinity) return x;
  const float = Float32Array.of(x);
  const bits = new Int32Array(float.buffer);
  bits[0] = element(bits, 0) - 1;
  return element(float, 0);
}
