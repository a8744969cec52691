/**
 * A spiking layer's way forward, through all time-steps.
 */
import { layerInputs } from './layer-input.js';
import {
  adaptiveNeuronArguments,
  integerNeuronArguments,
  neuronArguments,
} from './neuron-arguments.js';
import { allocateBits, negativeMap } from './spike-bits.js';

/**
 * @typedef {import('./spike-bits.js').Bits} Bits
 * @typedef {import('./layer-input.js').InputCounts} InputCounts
 */

/**
 * A layer's spikes.
 *
 * @param {import('./network.js').Network} network
 * @param {number} index
 * @param {import('./layer-input.js').OutputOf} outputOf
 * @param {import('./network-spec.js').InputImages} images
 * @param {{ potentials?: number }} [options] where potentials are kept, for training (0: they are not)
 * @returns {Bits & InputCounts & { negative: number }} and how many of the spikes are negative
 */
export function forwardSpikes(network, index, outputOf, images, { potentials = 0 } = {}) {
  const { heap, spec } = network;
  const result = allocateBits(network, index, images.count);
  const bits = result.at;
  const top = heap.top;
  const { conv, bursts, others, count, counts } = layerInputs(network, index, outputOf, images);
  if (spec.integers) {
    const input = { conv, bursts, bits, neuron: integerNeuronArguments(network, index) };
    if (count > 0) heap.run('forwardIntSum', { first: input, others, count });
    else heap.run('forwardInt', input);
  } else if (spec.neuron.kind === 'adaptive') {
    const neuron = adaptiveNeuronArguments(network, index);
    heap.run('forwardAdaptive', { conv, bursts, others, count, bits, neuron });
  } else {
    const input = { conv, bursts, bits, neuron: neuronArguments(network, index) };
    if (count > 0) heap.run('forwardSum', { first: input, others, count });
    else if (potentials) heap.run('forwardKept', { ...input, potentials });
    else heap.run('forward', input);
  }
  heap.release(top);
  const { spikes } = heap.run('count', { bits, words: result.bytes / 4 });
  const back = negativeMap(network, result);
  const negative = back ? heap.run('count', { bits: back.at, words: back.words }).spikes : 0;
  return { ...result, spikes, negative, ...counts };
}
