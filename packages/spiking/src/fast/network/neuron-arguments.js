/**
 * A layer's neurons as the kernels want them.
 */
import { clamped } from '../../integer-membrane.js';
import { probeStepsOf } from '../../offset-spikes.js';
import { lowOf } from '../../taking-back.js';
import { element } from '../element.js';

/** @typedef {import('./network.js').Network} Network */

const resets = { soft: 0, 'delayed-soft': 1, hard: 2 };

/** `struct neuron`. Takes heap above the top. @param {Network} network @param {number} index */
export function neuronArguments(network, index) {
  const { reset, leak, firing, signed } = integrateAndFire(network);
  const threshold = Math.fround(network.threshold(index));
  const silent = firing === 'strict' ? threshold : floatBelow(threshold);
  const initial = placedStarts(network, index, 'f32', (v) =>
    threshold < Infinity ? Math.fround(leak) * Math.fround(v * threshold) : 0,
  );
  const takingBack = { isSigned: Number(signed ?? false), low: lowOf(threshold) };
  const probeSteps = probeStepsOf(network.spec.neuron);
  return {
    reset: resets[reset],
    leak,
    threshold,
    silent,
    initial,
    ...takingBack,
    probeSteps,
  };
}

/** `struct neuron_int`. Takes heap above the top. @param {Network} network @param {number} index */
export function integerNeuronArguments(network, index) {
  const { reset, leak, firing, signed } = integrateAndFire(network);
  const threshold = network.spec.integers?.[index]?.threshold ?? 0;
  const silent = firing === 'strict' ? threshold : threshold - 1;
  const kept = Math.round(leak * 2 ** 15);
  const initial = placedStarts(network, index, 'i32', (v) => {
    return Math.round((clamped(Math.round(v * threshold)) * kept) / 2 ** 15);
  });
  // Below −θ/8 is, for integers, below its ceiling.
  const low = Math.ceil(lowOf(threshold));
  const takingBack = { isSigned: Number(signed ?? false), low };
  const probeSteps = probeStepsOf(network.spec.neuron);
  return {
    ...{ reset: resets[reset], leak: kept, threshold, silent, initial, ...takingBack },
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

/**
 * What the first time-step's input of each channel is added to, [blocks · BLOCK]; 0 of those that only fill up a block, so
 * that they stay silent.
 *
 * @param {Network} network
 * @param {number} index
 * @param {'f32' | 'i32'} kind
 * @param {(v: number) => number} startOf
 */
function placedStarts(network, index, kind, startOf) {
  const { heap } = network;
  const { name, output } = network.layer(index);
  const bytes = network.padded(output.channels) * 4;
  const at = heap.alloc(`the initial potentials of layer "${name}"`, bytes);
  heap.clear(at, bytes);
  const starts = heap[kind](at, output.channels);
  const own = network.initialPotentials[index];
  if (own) own.forEach((v, c) => (starts[c] = startOf(v)));
  else starts.fill(startOf(integrateAndFire(network).initial));
  return at;
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
