/**
 * Layers' parameters in the heap, in the kernels' order (kernels/pack.h).
 */
import { checkedProduct } from '../heap.js';

/**
 * @typedef {import('./network.js').Network} Network
 * @typedef {import('./network-spec.js').Parameters} Parameters
 * @typedef {import('../../integer.js').IntegerLayer} IntegerLayer
 *
 * A layer's weights, `floats` of them (0 in integer mode), and its biases (0 for none).
 * @typedef {{ weights: number, bias: number, floats: number }} PackedLayer
 */

/**
 * @param {Network} network
 * @param {number} index
 * @param {Parameters} parameters
 * @returns {PackedLayer}
 */
export function packWeights(network, index, { weight, bias }) {
  const { heap } = network;
  const layer = network.layer(index);
  const outputs = layer.output.channels;
  const padded = network.padded(outputs);
  const taps = layer.kernel ** 2;
  const what = whatOf(layer);
  const size = checkedProduct(what, taps, network.inputChannels(index), padded);
  const weights = heap.alloc(what, size * 4);
  const biasAt = layer.bias ? heap.alloc(what, padded * 4) : 0;
  if (bias) {
    heap.clear(biasAt, padded * 4);
    heap.f32(biasAt, outputs).set(bias);
  }
  const top = heap.top;
  const from = heap.alloc(what, weight.length * 4);
  heap.f32(from, weight.length).set(weight);
  heap.run('pack', {
    ...{ from, to: weights, taps, inputs: layer.input.channels, outputs },
    isSigned: Number(network.isSigned(index)),
    factor: network.inputFactor(layer),
  });
  heap.release(top);
  return { weights, bias: biasAt, floats: size };
}

/**
 * The same in integer mode. For a constant input the weights stay in the order of the parameter.
 *
 * @param {Network} network
 * @param {number} index
 * @param {IntegerLayer} integers
 * @returns {PackedLayer}
 */
export function packIntegerWeights(network, index, { weight, bias }) {
  const { heap } = network;
  const layer = network.layer(index);
  const outputs = layer.output.channels;
  const padded = network.padded(outputs);
  const isConstant = network.isConstant(index);
  const taps = layer.kernel ** 2;
  const what = whatOf(layer);
  const rows = checkedProduct(what, taps, network.inputChannels(index));
  const size = checkedProduct(what, rows, padded);
  const weights = heap.alloc(what, isConstant ? 0 : size * 2);
  const biasAt = bias ? heap.alloc(what, padded * 4) : 0;
  if (bias) {
    heap.clear(biasAt, padded * 4);
    heap.i32(biasAt, outputs).set(bias);
  }
  const top = heap.top;
  const from = heap.alloc(what, weight.length * 2);
  heap.i16(from, weight.length).set(weight);
  if (isConstant) return { weights: from, bias: biasAt, floats: 0 };
  heap.run('packInt', {
    ...{ from, to: weights, taps, inputs: layer.input.channels, outputs },
    isSigned: Number(network.isSigned(index)),
  });
  heap.release(top);
  return { weights, bias: biasAt, floats: 0 };
}

/** @param {{ name: string }} layer */
function whatOf({ name }) {
  return `the weights of layer "${name}"`;
}
