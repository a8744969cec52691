/**
 * Sums of gradients over images, by layer, in the heap and in the kernels' order.
 */

/**
 * @typedef {import('../network/network.js').Network} Network
 *
 * Where a layer's sums are (0: not wanted), and how many numbers.
 * @typedef {{ weights: number, weightFloats: number, bias: number, biasFloats: number }} LayerSums
 */

/** So many sums are moved at once that they stay in the level-2 cache; whole blocks. */
const movedAtOnce = 2 ** 16;

export class GradientSums {
  /**
   * Takes room for the sums; `clear` makes them 0.
   *
   * @param {Network} network
   * @param {boolean} wantsParameters
   */
  constructor(network, wantsParameters) {
    this.network = network;
    /** @type {LayerSums[]} */
    this.layers = network.spec.plan.layers.map((_, index) =>
      allocateSums(network, index, wantsParameters),
    );
    /** Of the thresholds of all layers but the last. */
    this.thresholds = new Float64Array(this.layers.length - 1);
  }

  clear() {
    const { heap } = this.network;
    for (const { weights, weightFloats, bias, biasFloats } of this.layers) {
      if (weights) heap.clear(weights, weightFloats * 4);
      if (bias) heap.clear(bias, biasFloats * 4);
    }
  }

  /** By layer, how many numbers `addTo` adds. */
  sizes() {
    return this.layers.map(({ weightFloats, biasFloats }) => weightFloats + biasFloats);
  }

  /** @param {number} index */
  layer(index) {
    return /** @type {LayerSums} */ (this.layers[index]);
  }

  /** @param {number} index @param {number} gradient */
  addThreshold(index, gradient) {
    this.thresholds[index] = /** @type {number} */ (this.thresholds[index]) + gradient;
  }

  /**
   * Adds the sums of a layer's parameters, if they are wanted, to totals, in the kernels' order: the weight's, then the
   * bias's if there is one. They start anew from 0.
   *
   * @param {number} index
   * @param {Float32Array} totals
   */
  addTo(index, totals) {
    const { weights, weightFloats, bias, biasFloats } = this.layer(index);
    if (weights) this.#move(weights, totals.subarray(0, weightFloats));
    if (bias) this.#move(bias, totals.subarray(weightFloats, weightFloats + biasFloats));
  }

  /** @param {number} sums whole blocks of them @param {Float32Array} totals */
  #move(sums, totals) {
    const { heap } = this.network;
    const top = heap.top;
    const room = heap.alloc('sums of gradients', Math.min(movedAtOnce, totals.length) * 4);
    for (let start = 0; start < totals.length; start += movedAtOnce) {
      const some = totals.subarray(start, start + movedAtOnce);
      const copy = heap.f32(room, some.length);
      copy.set(some);
      heap.run('moveSums', { totals: room, sums: sums + start * 4, count: some.length });
      some.set(copy);
    }
    heap.release(top);
  }

  /** The sums of the thresholds; they start anew from 0. */
  readAndResetThresholds() {
    const sums = this.thresholds.slice();
    this.thresholds.fill(0);
    return sums;
  }

  /**
   * Turns sums of a layer's parameters into the order of the parameters, in their place. The layer's own sums are
   * lost.
   *
   * @param {number} index
   * @param {number} factor what all sums are multiplied with
   * @param {Float32Array} sums as `addTo` has them
   */
  unpack(index, factor, sums) {
    const { network } = this;
    const { heap } = network;
    const { weights, weightFloats, bias, biasFloats } = this.layer(index);
    const layer = network.layer(index);
    const taps = layer.kernelHeight * layer.kernelWidth;
    const inputs = layer.input.channels;
    const outputs = layer.output.channels;
    const length = taps * inputs * outputs;
    const top = heap.top;
    const unpacked = heap.alloc('the gradients', length * 4);
    heap.f32(weights, weightFloats).set(sums.subarray(0, weightFloats));
    heap.run('unpack', {
      ...{ from: weights, to: unpacked, taps, inputs, outputs },
      isSigned: Number(network.takesSigned(index)),
      factor: factor * network.inputFactor(layer),
    });
    const biases = sums.slice(weightFloats, weightFloats + biasFloats).map((g) => g * factor);
    sums.set(heap.f32(unpacked, length));
    if (bias) sums.set(biases.subarray(0, outputs), length);
    heap.release(top);
  }
}

/** @param {Network} network @param {number} index @param {boolean} isWanted @returns {LayerSums} */
function allocateSums(network, index, isWanted) {
  const { heap } = network;
  const layer = network.layer(index);
  const what = `the gradients of layer "${layer.name}"`;
  const padded = network.padded(layer.output.channels);
  const taps = layer.kernelHeight * layer.kernelWidth;
  const weightFloats = taps * network.inputChannels(index) * padded;
  const weights = isWanted ? heap.alloc(what, weightFloats * 4) : 0;
  const biasFloats = layer.bias ? padded : 0;
  const bias = isWanted && layer.bias ? heap.alloc(what, biasFloats * 4) : 0;
  return { weights, weightFloats, bias, biasFloats };
}
