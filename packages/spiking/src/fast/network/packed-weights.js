/**
 * Layers' parameters in the heap, in the kernels' order (kernels/pack.h).
 */
import { checkedProduct } from '../heap.js';
import { placed, placementOf } from '../placed-weights.js';

/**
 * @typedef {import('./network.js').Network} Network
 * @typedef {import('./network-spec.js').Parameters} Parameters
 * @typedef {import('../../integer.js').IntegerLayer} IntegerLayer
 *
 * A layer's weights, by input; how many floats the first one's are (0 in integer mode); its biases (0 for none).
 * @typedef {{ weights: readonly number[], floats: number, bias: number }} PackedLayer
 */

/**
 * @param {Network} network
 * @param {number} index
 * @param {Parameters} parameters
 * @returns {PackedLayer}
 */
export function packWeights(network, index, { weights, bias }) {
  const { heap } = network;
  const layer = network.layer(index);
  const outputs = layer.output.channels;
  const padded = network.padded(outputs);
  const what = whatOf(layer);
  const biasAt = layer.bias ? heap.alloc(what, padded * 4) : 0;
  if (bias) {
    heap.clear(biasAt, padded * 4);
    heap.f32(biasAt, outputs).set(bias);
  }
  const at = weights.map((values, which) => pack(network, index, which, values));
  return { weights: at, bias: biasAt, floats: weightFloats(network, index, 0) };
}

/** @param {Network} network @param {number} index @param {number} which */
function weightFloats(network, index, which) {
  const layer = network.layer(index);
  const { kernelHeight, kernelWidth } = network.input(index, which);
  const padded = network.padded(layer.output.channels);
  const rows = network.weightRows(index, which);
  return checkedProduct(whatOf(layer), kernelHeight * kernelWidth, rows, padded);
}

/**
 * Weights at their places in the window.
 *
 * @template {Float32Array | Int16Array} T
 * @param {Network} network
 * @param {number} index
 * @param {number} which
 * @param {T} weight
 * @returns {T}
 */
function placedWeights(network, index, which, weight) {
  const placement = placementOf(network.input(index, which), network.layer(index).output);
  if (!network.isGrouped(index, which)) return placed(weight, placement);
  const windowRows = network.blockRows(index, which);
  return placed(weight, { ...placement, block: network.block, windowRows });
}

/**
 * @param {Network} network
 * @param {number} index
 * @param {number} which
 * @param {Float32Array} weight
 */
function pack(network, index, which, weight) {
  const { heap } = network;
  const layer = network.layer(index);
  const input = network.input(index, which);
  const values = placedWeights(network, index, which, weight);
  const to = heap.alloc(whatOf(layer), weightFloats(network, index, which) * 4);
  const top = heap.top;
  const from = heap.alloc(whatOf(layer), values.length * 4);
  heap.f32(from, values.length).set(values);
  heap.run('pack', {
    ...{ from, to, ...packedSizes(network, index, which) },
    factor: network.inputFactor(input),
  });
  heap.release(top);
  return to;
}

/** @param {Network} network @param {number} index @param {number} which */
function packedSizes(network, index, which) {
  const { kernelHeight, kernelWidth } = network.input(index, which);
  const isSigned = network.takesSigned(index, which);
  return {
    taps: kernelHeight * kernelWidth,
    inputs: network.weightRows(index, which) / (isSigned ? 2 : 1),
    outputs: network.layer(index).output.channels,
    isSigned: Number(isSigned),
  };
}

/**
 * The same in integer mode. For a constant input the weights stay in the order of the parameter.
 *
 * @param {Network} network
 * @param {number} index
 * @param {IntegerLayer} integers
 * @returns {PackedLayer}
 */
export function packIntegerWeights(network, index, { weights, bias }) {
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
  const at = weights.map((values, which) =>
    network.isConstant(index) && which === 0
      ? copiedIntegers(network, index, placedWeights(network, index, which, values))
      : packIntegers(network, index, which, values),
  );
  return { weights: at, bias: biasAt, floats: 0 };
}

/** @param {Network} network @param {number} index @param {Int16Array} weight */
function copiedIntegers(network, index, weight) {
  const { heap } = network;
  const at = heap.alloc(whatOf(network.layer(index)), weight.length * 2);
  heap.i16(at, weight.length).set(weight);
  return at;
}

/** @param {Network} network @param {number} index @param {number} which @param {Int16Array} weight */
function packIntegers(network, index, which, weight) {
  const { heap } = network;
  const to = heap.alloc(whatOf(network.layer(index)), weightFloats(network, index, which) * 2);
  const top = heap.top;
  const values = placedWeights(network, index, which, weight);
  heap.run('packInt', {
    ...{ from: copiedIntegers(network, index, values), to },
    ...packedSizes(network, index, which),
  });
  heap.release(top);
  return to;
}

/** @param {{ name: string }} layer */
function whatOf({ name }) {
  return `the weights of layer "${name}"`;
}
