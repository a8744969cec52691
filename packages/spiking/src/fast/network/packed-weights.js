/**
 * Layers' parameters in the heap, in the kernels' order (kernels/pack.h).
 */
import { checkedProduct } from '../heap.js';

/**
 * @typedef {import('./network.js').Network} Network
 * @typedef {import('./network-spec.js').Parameters} Parameters
 * @typedef {import('../../integer.js').IntegerLayer} IntegerLayer
 *
 * A layer's weights, `floats` of them (0 in integer mode), its biases (0 for none), and the weights of its second input
 * (0 for none).
 * @typedef {{ weights: number, bias: number, floats: number, beside: number }} PackedLayer
 */

/**
 * @param {Network} network
 * @param {number} index
 * @param {Parameters} parameters
 * @returns {PackedLayer}
 */
export function packWeights(network, index, { weight, bias, beside }) {
  const { heap } = network;
  const layer = network.layer(index);
  const outputs = layer.output.channels;
  const padded = network.padded(outputs);
  const what = whatOf(layer);
  const floats = weightFloats(network, index, false);
  const weights = heap.alloc(what, floats * 4);
  const biasAt = layer.bias ? heap.alloc(what, padded * 4) : 0;
  const besideAt = beside ? heap.alloc(what, weightFloats(network, index, true) * 4) : 0;
  if (bias) {
    heap.clear(biasAt, padded * 4);
    heap.f32(biasAt, outputs).set(bias);
  }
  pack(network, index, false, weight, weights);
  if (beside) pack(network, index, true, beside, besideAt);
  return { weights, bias: biasAt, floats, beside: besideAt };
}

/** @param {Network} network @param {number} index @param {boolean} beside */
function weightFloats(network, index, beside) {
  const layer = network.layer(index);
  const { kernel } = network.input(index, beside);
  const padded = network.padded(layer.output.channels);
  return checkedProduct(whatOf(layer), kernel ** 2, network.inputChannels(index, beside), padded);
}

/**
 * @param {Network} network
 * @param {number} index
 * @param {boolean} beside
 * @param {Float32Array} weight
 * @param {number} to
 */
function pack(network, index, beside, weight, to) {
  const { heap } = network;
  const layer = network.layer(index);
  const input = network.input(index, beside);
  const top = heap.top;
  const from = heap.alloc(whatOf(layer), weight.length * 4);
  heap.f32(from, weight.length).set(weight);
  heap.run('pack', {
    ...{ from, to, taps: input.kernel ** 2, inputs: input.input.channels },
    outputs: layer.output.channels,
    isSigned: Number(network.takesSigned(index)),
    factor: network.inputFactor(input),
  });
  heap.release(top);
}

/**
 * The same in integer mode. For a constant input the weights stay in the order of the parameter.
 *
 * @param {Network} network
 * @param {number} index
 * @param {IntegerLayer} integers
 * @returns {PackedLayer}
 */
export function packIntegerWeights(network, index, { weight, bias, beside }) {
  const { heap } = network;
  const layer = network.layer(index);
  const outputs = layer.output.channels;
  const padded = network.padded(outputs);
  const what = whatOf(layer);
  const biasAt = bias ? heap.alloc(what, padded * 4) : 0;
  if (bias) {
    heap.clear(biasAt, padded * 4);
    heap.i32(biasAt, outputs).set(bias);
  }
  const besideAt = beside ? packIntegers(network, index, true, beside) : 0;
  const weights = network.isConstant(index)
    ? copiedIntegers(network, index, weight)
    : packIntegers(network, index, false, weight);
  return { weights, bias: biasAt, floats: 0, beside: besideAt };
}

/** @param {Network} network @param {number} index @param {Int16Array} weight */
function copiedIntegers(network, index, weight) {
  const { heap } = network;
  const at = heap.alloc(whatOf(network.layer(index)), weight.length * 2);
  heap.i16(at, weight.length).set(weight);
  return at;
}

/** @param {Network} network @param {number} index @param {boolean} beside @param {Int16Array} weight */
function packIntegers(network, index, beside, weight) {
  const { heap } = network;
  const layer = network.layer(index);
  const { kernel, input } = network.input(index, beside);
  const weights = heap.alloc(whatOf(layer), weightFloats(network, index, beside) * 2);
  const top = heap.top;
  heap.run('packInt', {
    ...{ from: copiedIntegers(network, index, weight), to: weights, taps: kernel ** 2 },
    ...{ inputs: input.channels, outputs: layer.output.channels },
    isSigned: Number(network.takesSigned(index)),
  });
  heap.release(top);
  return weights;
}

/** @param {{ name: string }} layer */
function whatOf({ name }) {
  return `the weights of layer "${name}"`;
}
