/**
 * A network in the kernels' heap, and one image's way forward through it, layer by layer.
 */
import { checkedProduct } from './heap.js';
import { operations } from './operations.js';

/**
 * @typedef {import('./heap.js').Heap} Heap
 * @typedef {import('./plan.js').Plan} Plan
 * @typedef {import('./plan.js').PlannedLayer} PlannedLayer
 * @typedef {import('@privatesnn/core').NeuronModel} NeuronModel
 */

/**
 * A layer's.
 *
 * @typedef {{ weight: Float32Array, bias: Float32Array | undefined }} Parameters
 *
 * What a worker has to know of a network.
 *
 * @typedef {object} NetworkSpec
 * @property {Plan} plan
 * @property {readonly Parameters[]} parameters By layer; none when they come later, layer by layer (`add`).
 * @property {readonly number[]} thresholds Of all layers but the last; Infinity for one that never fires.
 * @property {NeuronModel} neuron
 * @property {'poisson' | 'constant' | 'first-spike'} encoder
 * @property {number} timeSteps
 * @property {number} seed
 * @property {boolean} dropout
 * @property {number} [filteredBy] The decay of the last layer's current, where its filtered current is read.
 * @property {readonly import('../integer.js').IntegerLayer[]} [integers] By layer, for integer mode; then the
 *   parameters are not read.
 */

/**
 * A spike image in the heap: lists (kernels/conv.h), valued ones for a constant input.
 *
 * @typedef {object} Lists
 * @property {number} ptr
 * @property {number} list
 * @property {number} steps
 * @property {number} channels
 */

/**
 * A layer's spikes as bits (kernels/spikes.h), and how many there are.
 *
 * @typedef {object} Bits
 * @property {number} at
 * @property {number} words Words of a pixel.
 * @property {number} bytes
 * @property {number} spikes
 */

/**
 * A layer's weights in the kernels' order, `floats` of them (0 in integer mode), and its constant current (0 for
 * none).
 *
 * @typedef {{ weights: number, base: number, floats: number }} PackedLayer
 */

const resets = { soft: 0, 'delayed-soft': 1, hard: 2 };

export class Network {
  /**
   * @param {Heap} heap
   * @param {NetworkSpec} spec
   */
  constructor(heap, spec) {
    this.heap = heap;
    this.spec = spec;
    this.block = /** @type {number} */ (heap.run(operations.info, [0, 0])[1]);
    /** Where each layer's weights and constant current are. @type {PackedLayer[]} */
    this.layers = (spec.integers ?? spec.parameters).map((_, index) =>
      this.load(index, spec.parameters[index]),
    );
    this.thresholds = [...spec.thresholds];
    /** Below this, the heap stays as it is from image to image. */
    this.floor = heap.top;
  }

  /** @param {number} channels */
  blocks(channels) {
    return Math.ceil(channels / this.block);
  }

  /** Floats of one pixel, whole blocks. @param {number} channels */
  padded(channels) {
    return this.blocks(channels) * this.block;
  }

  /** @param {number} index */
  layer(index) {
    return /** @type {PlannedLayer} */ (this.spec.plan.layers[index]);
  }

  /** @param {number} index */
  packed(index) {
    return /** @type {PackedLayer} */ (this.layers[index]);
  }

  /** @param {number} index */
  threshold(index) {
    return /** @type {number} */ (this.thresholds[index]);
  }

  /** Whether a layer's input has two channels for each, one for negative spikes. @param {number} index */
  isSigned(index) {
    return index === 0 && this.spec.encoder !== 'constant';
  }

  /** The factor of average pooling, and of dropout for the units that are kept. @param {PlannedLayer} layer */
  factor({ before }) {
    let factor = 1 / before.averagePool ** 2;
    if (this.spec.dropout) for (const { rate } of before.dropouts) factor *= 1 / (1 - rate);
    return factor;
  }

  /**
   * Loads the next layer's parameters.
   *
   * @param {Parameters} parameters
   */
  add(parameters) {
    this.layers.push(this.load(this.layers.length, parameters));
    this.floor = this.heap.top;
  }

  /**
   * Copies a layer's parameters into the heap, in the kernels' order.
   *
   * @param {number} index
   * @param {Parameters | undefined} parameters undefined in integer mode
   */
  load(index, parameters) {
    const layer = this.layer(index);
    const integers = this.spec.integers?.[index];
    if (integers) return this.loadIntegers(layer, index, integers);
    const { heap } = this;
    const { weight, bias } = /** @type {Parameters} */ (parameters);
    const inputs = layer.input.channels;
    const outputs = layer.output.channels;
    const taps = layer.kernel ** 2;
    const channels = this.isSigned(index) ? 2 * inputs : inputs;
    const what = `the weights of layer "${layer.name}"`;
    const size = checkedProduct(what, taps, channels, this.padded(outputs));
    const weights = heap.alloc(what, size * 4);
    const base = layer.bias ? heap.alloc(what, this.padded(outputs) * 4) : 0;
    if (bias) {
      heap.clear(base, this.padded(outputs) * 4);
      heap.f32(base, outputs).set(bias);
    }
    const top = heap.top;
    const from = heap.alloc(what, weight.length * 4);
    heap.f32(from, weight.length).set(weight);
    heap.run(
      operations.pack,
      [from, weights, taps, inputs, outputs, Number(this.isSigned(index))],
      [this.factor(layer)],
    );
    heap.release(top);
    return { weights, base, floats: size };
  }

  /** Sets a layer's biases to the parameter's divided by a number. @param {number} index @param {number} divisor */
  divideBias(index, divisor) {
    const { bias } = this.parameters(index);
    const base = this.layers[index]?.base;
    if (bias && base) this.heap.f32(base, bias.length).set(bias.map((b) => b / divisor));
  }

  /**
   * The same in integer mode. For a constant input the weights stay in the order of the parameter.
   *
   * @param {PlannedLayer} layer
   * @param {number} index
   * @param {import('../integer.js').IntegerLayer} integers
   */
  loadIntegers(layer, index, { weight, bias }) {
    const { heap } = this;
    const inputs = layer.input.channels;
    const outputs = layer.output.channels;
    const what = `the weights of layer "${layer.name}"`;
    const isConstant = index === 0 && this.spec.encoder === 'constant';
    const isSigned = this.isSigned(index);
    const taps = layer.kernel ** 2;
    const rows = checkedProduct(what, taps, isSigned ? 2 * inputs : inputs);
    const size = checkedProduct(what, rows, this.padded(outputs));
    const packed = heap.alloc(what, isConstant ? 0 : size * 2);
    const base = bias ? heap.alloc(what, this.padded(outputs) * 4) : 0;
    if (bias) {
      heap.clear(base, this.padded(outputs) * 4);
      heap.i32(base, outputs).set(bias);
    }
    const top = heap.top;
    const from = heap.alloc(what, weight.length * 2);
    heap.i16(from, weight.length).set(weight);
    if (isConstant) return { weights: from, base, floats: 0 };
    heap.run(operations.packInt, [from, packed, taps, inputs, outputs, Number(isSigned)]);
    heap.release(top);
    return { weights: packed, base, floats: 0 };
  }

  /** @param {number} index */
  parameters(index) {
    return /** @type {Parameters} */ (this.spec.parameters[index]);
  }

  /**
   * `struct conv` for a layer and its input.
   *
   * @param {number} index
   * @param {Lists} lists
   * @param {number} [base] a constant current by pixel, instead of the layer's bias
   */
  conv(index, lists, base) {
    const { kernel, stride, padding, input, output } = this.layer(index);
    const { weights, base: bias } = this.packed(index);
    return [
      ...[lists.ptr, lists.list, weights, base ?? bias, base === undefined ? 0 : 1],
      ...[lists.steps, input.height, input.width, lists.channels],
      ...[output.height, output.width, kernel, stride, padding, this.blocks(output.channels)],
    ];
  }

  /** `struct neuron_int` of a layer. @param {number} index */
  integerNeuron(index) {
    const { reset, leak, firing } = this.spec.neuron;
    const threshold = this.spec.integers?.[index]?.threshold ?? 0;
    const silent = firing === 'strict' ? threshold : threshold - 1;
    return [resets[reset], Math.round(leak * 2 ** 15), threshold, silent];
  }

  /** `struct neuron` of a layer: its integer, its floats. @param {number} index */
  neuron(index) {
    const { reset, leak, firing } = this.spec.neuron;
    const threshold = Math.fround(this.threshold(index));
    const silent = firing === 'strict' ? threshold : below(threshold);
    return { integer: resets[reset], floats: [leak, threshold, silent] };
  }

  /** `struct adaptive` of a layer. @param {number} index */
  adaptiveNeuron(index) {
    const { adaptation } = this.spec.neuron;
    if (!adaptation) throw new Error('The neurons are not adaptive.');
    const { rest, growth, thresholdDecay, refractoryDecay, currentDecay, membraneDecay } =
      adaptation;
    const response = (1 - refractoryDecay) * rest * this.threshold(index);
    return [currentDecay, membraneDecay, refractoryDecay, thresholdDecay, growth, response];
  }

  /**
   * The encoded image as lists, pooled and dropped out as the first layer wants it.
   *
   * @param {Float32Array} pixels
   * @param {number} image its number in the noise
   * @returns {{ lists: Lists, spikes: number }}
   */
  encode(pixels, image) {
    const { heap, spec } = this;
    const { height, width, channels } = spec.plan.input;
    const { before, input } = this.layer(0);
    const units = height * width * channels;
    if (spec.encoder === 'constant') return this.constantInput(pixels, image);
    const what = 'the spikes of the input';
    const ptr = this.allocPtr(what, input, spec.timeSteps);
    const list = heap.alloc(what, 4 * checkedProduct(what, units + 1, spec.timeSteps));
    const top = heap.top;
    const at = heap.alloc(what, units * 4);
    heap.f32(at, units).set(pixels);
    const keep = this.inputMask(image);
    const scratch = heap.alloc(what, units * 12);
    const results = heap.run(operations.encode, [
      ...[at, keep, scratch, ptr, list, spec.encoder === 'poisson' ? 0 : 1],
      ...[spec.timeSteps, height, width, channels, before.averagePool, Number(before.flat)],
      ...[spec.seed | 0, image | 0, 0],
    ]);
    const spikes = /** @type {number} */ (results[14]);
    heap.release(top);
    return {
      lists: { ptr, list, steps: spec.timeSteps, channels: 2 * input.channels },
      spikes,
    };
  }

  /**
   * The image itself, one time-step of valued lists.
   *
   * @param {Float32Array} pixels
   * @param {number} image
   */
  constantInput(pixels, image) {
    const spikes = this.spec.timeSteps * pixels.reduce((n, x) => n + (x === 0 ? 0 : 1), 0);
    return {
      lists: this.valuedLists(this.pooledInput(pixels, image), this.layer(0).input),
      spikes,
    };
  }

  /**
   * The image, pooled (sums; the weights hold the factor) and dropped out.
   *
   * @param {Float32Array} pixels
   * @param {number} image
   */
  pooledInput(pixels, image) {
    const { heap, spec } = this;
    const { width, height, channels } = spec.plan.input;
    const { before, input } = this.layer(0);
    const pool = before.averagePool;
    const keptAt = this.inputMask(image);
    const kept = keptAt ? heap.u8(keptAt, pixels.length) : undefined;
    const pooledWidth = Math.floor(width / pool);
    const sums = new Float32Array(input.height * input.width * input.channels);
    for (let y = 0; y < Math.floor(height / pool) * pool; y++) {
      for (let x = 0; x < pooledWidth * pool; x++) {
        const to = (Math.floor(y / pool) * pooledWidth + Math.floor(x / pool)) * channels;
        const from = (y * width + x) * channels;
        for (let c = 0; c < channels; c++) {
          if (kept?.[from + c] !== 0) sums[to + c] = at(sums, to + c) + at(pixels, from + c);
        }
      }
    }
    return sums;
  }

  /**
   * Numbers as valued lists of one time-step.
   *
   * @param {Float32Array} values
   * @param {import('./plan.js').Shape} shape
   * @returns {Lists}
   */
  valuedLists(values, shape) {
    const { heap } = this;
    const what = 'the input';
    const ptr = this.allocPtr(what, shape, 1);
    const list = heap.alloc(what, (values.length + 1) * 8);
    const top = heap.top;
    const from = heap.alloc(what, values.length * 4);
    heap.f32(from, values.length).set(values);
    const { height, width, channels } = shape;
    heap.run(operations.compressValues, [
      from,
      ptr,
      list,
      height,
      1,
      width,
      channels,
      channels,
      0,
      0,
    ]);
    heap.release(top);
    return { ptr, list, steps: 1, channels };
  }

  /**
   * @param {string} what
   * @param {{ height: number, width: number }} shape
   * @param {number} steps
   */
  allocPtr(what, { height, width }, steps) {
    return this.heap.alloc(what, 4 * checkedProduct(what, height, steps, width + 1));
  }

  /** Bytes, 0 for pixels that dropout removes; 0 where there is no dropout. @param {number} image */
  inputMask(image) {
    const bits = this.dropoutMask(0, image);
    if (bits === 0) return 0;
    const { height, width, channels } = this.layer(0).source;
    const words = this.words(channels);
    const mask = this.heap.alloc('dropout of the input', height * width * channels);
    const from = this.heap.u32(bits, height * width * words);
    const to = this.heap.u8(mask, height * width * channels);
    for (let pixel = 0; pixel < height * width; pixel++) {
      for (let c = 0; c < channels; c++) {
        to[pixel * channels + c] = (at(from, pixel * words + (c >>> 5)) >>> (c & 31)) & 1;
      }
    }
    return mask;
  }

  /** Words of a pixel's bits, whole blocks. @param {number} channels */
  words(channels) {
    return this.padded(channels) / 32;
  }

  /**
   * The units of a layer's source that dropout keeps, as bits; 0 where it drops none.
   *
   * @param {number} index
   * @param {number} image
   */
  dropoutMask(index, image) {
    const { heap, spec } = this;
    const { before, source } = this.layer(index);
    const dropouts = spec.dropout ? before.dropouts.filter(({ rate }) => rate > 0) : [];
    if (dropouts.length === 0) return 0;
    const { height, width, channels } = source;
    const words = this.words(channels);
    const mask = heap.alloc('a dropout mask', height * width * words * 4);
    heap.u8(mask, height * width * words * 4).fill(255);
    for (const { rate, layer, pool } of dropouts) {
      heap.run(operations.dropout, [
        ...[mask, height, width, channels, words, pool],
        ...[spec.seed | 0, image | 0, layer, Math.round(rate * 16777216)],
      ]);
    }
    return mask;
  }

  /**
   * A buffer for a layer's spikes.
   *
   * @param {number} index
   * @returns {Bits}
   */
  allocBits(index) {
    const { name, output } = this.layer(index);
    const what = `the spikes of layer "${name}"`;
    const words = this.words(output.channels);
    const bytes = 4 * checkedProduct(what, output.height, this.spec.timeSteps, output.width, words);
    return { at: this.heap.alloc(what, bytes), words, bytes, spikes: 0 };
  }

  /**
   * A layer's input from the spikes of the layer before.
   *
   * @param {number} index of the layer that reads, not the first
   * @param {Bits} bits
   * @param {number} image
   * @returns {Lists}
   */
  lists(index, bits, image) {
    const { heap } = this;
    const { timeSteps } = this.spec;
    const { name, before, source, input } = this.layer(index);
    const what = `the input of layer "${name}"`;
    const ptr = this.allocPtr(what, input, timeSteps);
    const list = heap.alloc(what, 4 * (bits.spikes + 16));
    const top = heap.top;
    let mask = this.dropoutMask(index, image);
    let from = bits.at;
    let { height, width } = source;
    if (before.maxPool > 1) {
      const pooledHeight = Math.floor(height / before.maxPool);
      const pooledWidth = Math.floor(width / before.maxPool);
      from = heap.alloc(what, pooledHeight * timeSteps * pooledWidth * bits.words * 4);
      heap.run(operations.maxPool, [
        ...[bits.at, mask, from, 0],
        ...[timeSteps, height, width, bits.words, before.maxPool],
      ]);
      [height, width, mask] = [pooledHeight, pooledWidth, 0];
    }
    heap.run(operations.compress, [
      ...[from, mask, ptr, list],
      ...[timeSteps, height, width, source.channels, bits.words],
      ...[before.averagePool, Number(before.flat)],
    ]);
    heap.release(top);
    return { ptr, list, steps: timeSteps, channels: input.channels };
  }

  /**
   * The input of a layer, ready for a kernel: the layer's `struct conv`. Takes heap above the top.
   *
   * @param {number} index
   * @param {Bits | undefined} bits spikes of the layer before; undefined for the first layer
   * @param {Float32Array} pixels
   * @param {number} image
   */
  input(index, bits, pixels, image) {
    if (bits) {
      return { conv: this.conv(index, this.lists(index, bits, image)), spikes: bits.spikes };
    }
    const { lists, spikes } = this.encode(pixels, image);
    if (this.spec.encoder !== 'constant') return { conv: this.conv(index, lists), lists, spikes };
    // A constant input is a constant current: no spikes arrive at any time-step.
    const base = this.spec.integers
      ? this.integerCurrent(pixels, image)
      : this.constantCurrent(index, lists);
    const { timeSteps } = this.spec;
    const { input } = this.layer(index);
    const ptr = this.allocPtr('the input', input, timeSteps);
    this.heap.clear(ptr, input.height * timeSteps * (input.width + 1) * 4);
    const silent = { ...lists, ptr, steps: timeSteps };
    return { conv: this.conv(index, silent, base), lists, spikes };
  }

  /** @param {number} index @param {Lists} lists @returns {number} [outHeight, outWidth, padded channels] */
  constantCurrent(index, lists) {
    const base = this.allocCurrent(index);
    this.heap.run(operations.valuedCurrent, [...this.conv(index, lists), base]);
    return base;
  }

  /** The same in integer mode, for the first layer. @param {Float32Array} pixels @param {number} image */
  integerCurrent(pixels, image) {
    const { heap } = this;
    const base = this.allocCurrent(0);
    const { input, output, kernel, stride, padding } = this.layer(0);
    const { weights, base: bias } = this.packed(0);
    const values = this.pooledInput(
      pixels.map((x) => Math.round(x * 256)),
      image,
    );
    const from = heap.alloc('the input', values.length * 4);
    heap.i32(from, values.length).set(values);
    heap.run(operations.valuedCurrentInt, [
      ...[from, weights, bias, base, input.height, input.width, input.channels],
      ...[output.height, output.width, output.channels, this.padded(output.channels)],
      ...[kernel, stride, padding],
    ]);
    return base;
  }

  /** @param {number} index */
  allocCurrent(index) {
    const { output } = this.layer(index);
    const what = 'the current of the input';
    const size = checkedProduct(what, output.height, output.width, this.padded(output.channels));
    return this.heap.alloc(what, size * 4);
  }

  /**
   * A spiking layer's spikes.
   *
   * @param {number} index
   * @param {Bits | undefined} before
   * @param {Float32Array} pixels
   * @param {number} image
   * @param {number} [potentials] where potentials are kept, for training; 0: they are not
   * @returns {Bits & { readonly inputSpikes: number }}
   */
  spike(index, before, pixels, image, potentials = 0) {
    const { heap } = this;
    const bits = this.allocBits(index);
    const top = heap.top;
    const { conv, spikes: inputSpikes } = this.input(index, before, pixels, image);
    if (this.spec.integers) {
      heap.run(operations.forwardInt, [...conv, bits.at, ...this.integerNeuron(index)]);
    } else if (this.spec.neuron.adaptation) {
      heap.run(operations.forwardAdaptive, [...conv, bits.at], this.adaptiveNeuron(index));
    } else {
      const { integer, floats } = this.neuron(index);
      if (potentials) {
        heap.run(operations.forwardKept, [...conv, bits.at, potentials, integer], floats);
      } else {
        heap.run(operations.forward, [...conv, bits.at, integer], floats);
      }
    }
    heap.release(top);
    const counted = heap.run(operations.count, [bits.at, bits.bytes / 4, 0]);
    return { ...bits, spikes: at(counted, 2) >>> 0, inputSpikes };
  }

  /**
   * The last layer's current, summed over time or filtered (as the read-out wants it), at each of the given time-steps.
   *
   * @param {Bits | undefined} before
   * @param {Float32Array} pixels
   * @param {number} image
   * @param {readonly number[]} recordAt
   * @returns {Float32Array} [recordAt.length, classes]
   */
  integrate(before, pixels, image, recordAt) {
    const { heap } = this;
    const index = this.layers.length - 1;
    const { output } = this.layer(index);
    const padded = this.padded(output.channels);
    const rows = recordAt.length * output.height * output.width;
    const top = heap.top;
    const { conv } = this.input(index, before, pixels, image);
    const records = heap.alloc('the read-out', recordAt.length * 4);
    heap.u32(records, recordAt.length).set(recordAt);
    const what = 'the read-out';
    const potentials = heap.alloc(what, 4 * checkedProduct(what, rows, padded));
    const { integers, filteredBy } = this.spec;
    const integrate = integers ? operations.integrateInt : operations.integrate;
    const args = [...conv, records, potentials, recordAt.length];
    if (filteredBy === undefined) heap.run(integrate, args);
    else heap.run(operations.integrateFiltered, args, [filteredBy]);
    const unit = integers?.[index]?.unit ?? 1;
    const count = rows * padded;
    const from = integers ? heap.i32(potentials, count) : heap.f32(potentials, count);
    const result = new Float32Array(rows * output.channels);
    for (let row = 0; row < rows; row++) {
      for (let c = 0; c < output.channels; c++) {
        result[row * output.channels + c] = at(from, row * padded + c) * unit;
      }
    }
    heap.release(top);
    return result;
  }
}

/** The largest 32-bit float below a positive one. @param {number} x */
function below(x) {
  if (x === Infinity) return x;
  const float = Float32Array.of(x);
  const bits = new Int32Array(float.buffer);
  bits[0] = at(bits, 0) - 1;
  return at(float, 0);
}

/** An element that is there. @param {{ readonly [index: number]: number }} array @param {number} index */
export function at(array, index) {
  return /** @type {number} */ (array[index]);
}
