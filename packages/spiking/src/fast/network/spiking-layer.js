/**
 * A spiking layer's way forward, through all time-steps.
 */
import { sortedBursts } from './bursts.js';
import { layerInput } from './layer-input.js';
import {
  adaptiveNeuronArguments,
  integerNeuronArguments,
  neuronArguments,
} from './neuron-arguments.js';
import { allocateBits, negativeMap } from './spike-bits.js';

/**
 * @typedef {import('./spike-bits.js').Bits} Bits
 *
 * What comes in, and what the layer's synapses do with it (layer-input.js).
 * @typedef {{ readonly inputSpikes: number, readonly additions: number, readonly multiplications: number, readonly besideAdditions?: number }} InputCounts
 */

/**
 * A layer's spikes.
 *
 * @param {import('./network.js').Network} network
 * @param {number} index
 * @param {Bits | undefined} before spikes of the layer before; undefined for the first layer
 * @param {import('./network-spec.js').InputImages} images
 * @param {{ potentials?: number, beside?: Bits | undefined }} [options] where potentials are kept, for training (0: they
 *   are not); spikes of the layer that comes in beside
 * @returns {Bits & InputCounts & { negative: number }} and how many of the spikes are negative
 */
export function forwardSpikes(network, index, before, images, { potentials = 0, beside } = {}) {
  const { heap, spec } = network;
  const result = allocateBits(network, index, images.count);
  const bits = result.at;
  const top = heap.top;
  const { conv, spikes: inputSpikes, ...operations } = layerInput(network, index, before, images);
  const bursts = sortedBursts(network, index, conv);
  let besideAdditions = 0;
  if (beside) {
    const other = layerInput(network, index, beside, images, true);
    besideAdditions = other.additions;
    const besideBursts = sortedBursts(network, index, other.conv, true);
    const inputs = { conv, bursts, beside: other.conv, besideBursts, bits };
    if (spec.integers) {
      heap.run('forwardIntSum', { ...inputs, neuron: integerNeuronArguments(network, index) });
    } else {
      heap.run('forwardSum', { ...inputs, neuron: neuronArguments(network, index) });
    }
  } else if (spec.integers) {
    const neuron = integerNeuronArguments(network, index);
    heap.run('forwardInt', { conv, bursts, bits, neuron });
  } else if (spec.neuron.kind === 'adaptive') {
    const neuron = adaptiveNeuronArguments(network, index);
    heap.run('forwardAdaptive', { conv, bursts, bits, neuron });
  } else {
    const neuron = neuronArguments(network, index);
    if (potentials) heap.run('forwardKept', { conv, bursts, bits, potentials, neuron });
    else heap.run('forward', { conv, bursts, bits, neuron });
  }
  heap.release(top);
  const { spikes } = heap.run('count', { bits, words: result.bytes / 4 });
  const back = negativeMap(network, result);
  const negative = back ? heap.run('count', { bits: back.at, words: back.words }).spikes : 0;
  return { ...result, ...operations, besideAdditions, spikes, negative, inputSpikes };
}
