/**
 * One image forward and back through a network (spatio-temporal back-propagation), with sums of gradients in
 * the heap. Of the way forward the spikes' bits are kept, and the potentials of the last layers, as many as a part
 * of the memory budget holds; the others are computed again on the way back, one block of neurons at a time.
 */
import { checkedProduct, SizeError } from './heap.js';
import { at, Network } from './network.js';
import { operations } from './operations.js';

/**
 * @typedef {import('./heap.js').Heap} Heap
 * @typedef {import('./network.js').Bits} Bits
 * @typedef {import('./plan.js').Shape} Shape
 *
 * @typedef {object} TrainingSpec
 * @property {import('./network.js').NetworkSpec} network
 * @property {import('../engine.js').Surrogate} surrogate
 * @property {boolean} detachReset
 * @property {{ parameters: boolean, thresholds: boolean, input: boolean }} wanted
 * @property {number} scale The read-out's factor: logits are the potentials times this.
 * @property {number} memoryBudget Bytes that an image's pass may take.
 *
 * What layers send to the layer before: the same at all time-steps, or the scan of valued lists.
 * @typedef {{ constant: number, lists?: undefined } | { constant?: undefined, lists: { ptr: number, list: number } }} Arriving
 *
 * @typedef {{ weights: number, weightFloats: number, bias: number, biasFloats: number }} LayerBuffers
 *
 * An image that went forward; by layer its spikes, and its potentials (0 where they were not kept).
 * @typedef {{ pixels: Float32Array, image: number, bits: Bits[], potentials: number[] }} Passing
 */

/** Time-steps that one entry of the sources' lists holds, and its bytes (kernels/transposed.h). */
const group = 4;
const groupBytes = 4 + 4 * group;

/** Bytes of what spikes of the same entry are joined to, and the time-steps of a list of those. */
const unitBytes = 12;
const chunk = 128;

const noUnits = { ptr: 0, units: 0 };

const surrogates = { triangle: 0, rectangle: 1, exponential: 2, 'spike-time': 3 };

/** As neverFiredSteps in surrogate.ts. */
const neverFiredSteps = 1000;

export class Training {
  /**
   * @param {Heap} heap
   * @param {TrainingSpec} spec
   */
  constructor(heap, spec) {
    this.heap = heap;
    this.spec = spec;
    this.network = new Network(heap, spec.network);
    /** @type {LayerBuffers[]} */
    this.buffers = spec.network.plan.layers.map((_, index) => this.allocate(index));
    /** Room for one block's weights of any layer, for the way back. */
    this.tile = heap.alloc('weights of the way back', this.tileBytes());
    /** Sums over images. */
    this.thresholds = new Float64Array(this.buffers.length - 1);
    this.network.floor = heap.top;
    /** The first layer whose potentials are kept. */
    this.firstKept = this.last;
    for (let bytes = 0; this.firstKept > 0; this.firstKept--) {
      bytes += this.potentialBytes(this.firstKept - 1);
      if (bytes > spec.memoryBudget / 32) break;
    }
    /** The image that is on its way. @type {Passing | undefined} */
    this.current = undefined;
    for (const { weights, weightFloats, bias, biasFloats } of this.buffers) {
      if (weights) heap.clear(weights, weightFloats * 4);
      if (bias) heap.clear(bias, biasFloats * 4);
    }
  }

  get last() {
    return this.buffers.length - 1;
  }

  tileBytes() {
    const { plan } = this.spec.network;
    const rows = plan.layers.map(({ kernel, output }) => kernel ** 2 * output.channels);
    return Math.max(...rows) * this.network.block * 4;
  }

  /** By layer, how many numbers `sums` writes. */
  sizes() {
    return this.buffers.map(({ weightFloats, biasFloats }) => weightFloats + biasFloats);
  }

  /** What it takes to keep a layer's potentials. @param {number} index */
  potentialBytes(index) {
    const { output } = this.network.layer(index);
    const neurons = output.height * output.width * this.network.padded(output.channels);
    return neurons * this.spec.network.timeSteps * 4;
  }

  /** @param {number} index @returns {LayerBuffers} */
  allocate(index) {
    const { heap, network, spec } = this;
    const layer = network.layer(index);
    const what = `the gradients of layer "${layer.name}"`;
    const taps = layer.kernel ** 2;
    const channels = (network.isSigned(index) ? 2 : 1) * layer.input.channels;
    const weightFloats = taps * channels * network.padded(layer.output.channels);
    const wanted = spec.wanted.parameters;
    const weights = wanted ? heap.alloc(what, weightFloats * 4) : 0;
    const biasFloats = layer.bias ? network.padded(layer.output.channels) : 0;
    const bias = wanted && layer.bias ? heap.alloc(what, biasFloats * 4) : 0;
    return { weights, weightFloats, bias, biasFloats };
  }

  /**
   * The pixels that a layer's gradient is sent to: its input, of which a flat one has as many pixels as there
   * were before.
   *
   * @param {number} index
   */
  senders(index) {
    const { before, source, input } = this.network.layer(index);
    if (!before.flat) return { ...input, pixels: 1, inputs: input.channels, dense: 0 };
    const pool = before.maxPool * before.averagePool;
    const height = Math.floor(source.height / pool);
    const width = Math.floor(source.width / pool);
    return { height, width, pixels: height * width, inputs: source.channels, dense: 1 };
  }

  /**
   * The way forward.
   *
   * @param {Float32Array} pixels
   * @param {number} image
   * @returns {{ logits: Float32Array, spikes: number[] }} spikes of the input and of each spiking layer
   */
  forward(pixels, image) {
    const { heap, network, spec } = this;
    heap.release(network.floor);
    /** @type {Bits[]} */
    const bits = [];
    const potentials = [];
    const spikes = [];
    for (let index = 0; index < this.last; index++) {
      const isKept = index >= this.firstKept;
      const kept = isKept ? heap.alloc('the potentials', this.potentialBytes(index)) : 0;
      const result = network.spike(index, bits.at(-1), pixels, image, kept);
      potentials.push(kept);
      if (index === 0) spikes.push(result.inputSpikes);
      spikes.push(result.spikes);
      bits.push(result);
    }
    if (this.last === 0) {
      const top = heap.top;
      spikes.push(network.encode(pixels, image).spikes);
      heap.release(top);
    }
    const steps = spec.network.timeSteps;
    const sums = network.integrate(bits.at(-1), pixels, image, [steps]);
    this.current = { pixels, image, bits, potentials };
    return { logits: sums.map((u) => u * spec.scale), spikes };
  }

  /**
   * The way back of the image that went forward last; adds to the sums.
   *
   * @param {Float32Array} gradient at the logits
   * @returns {Float32Array | undefined} the gradient at the input, if wanted
   */
  backward(gradient) {
    const { heap, network, spec } = this;
    const { bits } = this.image();
    const top = heap.top;
    const atPotentials = gradient.map((g) => g * spec.scale);
    let arriving = this.backFromOutput(atPotentials, bits.at(-1));
    for (let index = this.last - 1; index >= 0; index--) {
      arriving = this.backThrough(index, arriving, top);
    }
    const result = spec.wanted.input ? this.inputGradient(arriving) : undefined;
    heap.release(network.floor);
    return result;
  }

  image() {
    if (!this.current) throw new Error('No image went forward.');
    return this.current;
  }

  /**
   * The last layer: the gradient at its current is the same at every time-step.
   *
   * @param {Float32Array} atPotentials [outHeight, outWidth, channels]
   * @param {Bits | undefined} before
   * @returns {Arriving}
   */
  backFromOutput(atPotentials, before) {
    const { heap, network, spec } = this;
    const index = this.last;
    const { output } = network.layer(index);
    const { pixels, image } = this.image();
    const buffers = this.buffer(index);
    const steps = spec.network.timeSteps;
    const padded = network.padded(output.channels);
    const places = output.height * output.width;
    /** @type {Arriving} */
    let arriving = { constant: 0 };
    if (index > 0 || spec.wanted.input) {
      const scaled = index === 0 ? atPotentials.map((g) => g * steps) : atPotentials;
      const lists = network.valuedLists(scaled, output);
      arriving = { constant: this.gather(index, lists) };
    }
    if (!buffers.weights) return arriving;
    const top = heap.top;
    const gradients = heap.alloc('the gradient at the read-out', places * padded * 4);
    heap.clear(gradients, places * padded * 4);
    const to = heap.f32(gradients, places * padded);
    for (let place = 0; place < places; place++) {
      const from = place * output.channels;
      to.set(atPotentials.subarray(from, from + output.channels), place * padded);
    }
    if (buffers.bias) {
      const bias = heap.f32(buffers.bias, padded);
      to.forEach((g, i) => (bias[i % padded] = at(bias, i % padded) + g * steps));
    }
    this.addWeightGradients(index, before, gradients, steps, pixels, image);
    heap.release(top);
    return arriving;
  }

  /**
   * Adds weight gradients of a layer whose gradient at the current is the same at all time-steps.
   *
   * @param {number} index
   * @param {Bits | undefined} before
   * @param {number} gradients
   * @param {number} steps what a constant input is multiplied with
   * @param {Float32Array} pixels
   * @param {number} image
   */
  addWeightGradients(index, before, gradients, steps, pixels, image) {
    const { heap, network } = this;
    const { weights } = this.buffer(index);
    const isConstant = index === 0 && this.spec.network.encoder === 'constant';
    if (isConstant) {
      const lists = network.constantInput(
        steps === 1 ? pixels : pixels.map((x) => x * steps),
        image,
      ).lists;
      heap.run(operations.weightGradients, [...network.conv(index, lists), gradients, weights, 1]);
    } else {
      const { conv } = network.input(index, before, pixels, image);
      heap.run(operations.weightGradients, [...conv, gradients, weights, 0]);
    }
  }

  /** @param {number} index */
  buffer(index) {
    return /** @type {LayerBuffers} */ (this.buffers[index]);
  }

  /**
   * `struct transposed`: what layer `index` sends to its input.
   *
   * @param {number} index
   * @param {{ ptr: number, list: number }} lists
   * @param {number} steps
   */
  transposed(index, { ptr, list }, steps) {
    const { kernel, stride, padding, input, output } = this.network.layer(index);
    const to = this.senders(index);
    const rows = (this.network.isSigned(index) ? 2 : 1) * input.channels;
    return [
      ...[ptr, list, this.network.packed(index).weights, this.tile, rows, steps],
      ...[output.height, output.width, output.channels, to.height, to.width, to.inputs],
      ...[kernel, stride, padding, this.network.blocks(to.inputs), to.dense],
    ];
  }

  /**
   * What layer `index` sends to its input, for lists of one time-step.
   *
   * @param {number} index
   * @param {{ ptr: number, list: number }} lists
   * @returns {number} [height, width, padded channels] of `senders`
   */
  gather(index, lists) {
    const { height, width, inputs } = this.senders(index);
    const what = 'a gradient';
    const result = this.heap.alloc(what, height * width * this.network.padded(inputs) * 4);
    this.heap.run(operations.gather, [...this.transposed(index, lists, 1), result]);
    return result;
  }

  /**
   * Back through a spiking layer.
   *
   * @param {number} index
   * @param {Arriving} arriving from the layer above
   * @param {number} floor the heap's top before the way back: what is above is rearranged
   * @returns {Arriving} for the layer before; for the first layer what `inputGradient` needs
   */
  backThrough(index, arriving, floor) {
    const { heap, network, spec } = this;
    const { bits, potentials, pixels, image } = this.image();
    const { name, output } = network.layer(index);
    const buffers = this.buffer(index);
    const { timeSteps: steps, encoder } = spec.network;
    const what = `the way back through layer "${name}"`;
    const above = network.layer(index + 1);
    const pool = above.before.maxPool * above.before.averagePool;
    const padded = network.padded(output.channels);
    const rowFloats = checkedProduct(what, steps, output.width, padded);
    const isConstant = index === 0 && encoder === 'constant';
    const needsSum = index === 0 && (spec.wanted.input || (isConstant && buffers.weights !== 0));
    const needsSources = index > 0;

    const { mask, maskSteps } = this.reach(index);
    const before = bits[index - 1];
    const { conv, spikes } = network.input(index, before, pixels, image);
    const groups = Math.ceil(steps / group);
    const scratch = heap.alloc(what, (3 * groups * group + 1) * network.block * 4);
    const weights = isConstant ? 0 : buffers.weights;
    const { ptr: unitPtr, units } = weights ? this.byEntry(index, conv, spikes) : noUnits;
    const sumFloats = output.height * output.width * padded;
    const sum = needsSum ? heap.alloc(what, sumFloats * 4) : 0;
    if (needsSum) heap.clear(sum, sumFloats * 4);

    // Rows of pooled pixels at a time, so that the dense sources of a band stay small.
    const pooledRows = Math.floor(output.height / pool);
    const bandRows = needsSources
      ? Math.max(1, Math.min(pooledRows, Math.floor(this.bandBytes() / (rowFloats * 4 * pool))))
      : pooledRows;
    const bandFloats = bandRows * pool * rowFloats;
    const sources = needsSources ? heap.alloc(what, bandFloats * 4) : 0;
    const ptrWords = groups * (output.width + 1);
    const ptr = needsSources ? heap.alloc(what, output.height * ptrWords * 4) : 0;
    const list = heap.alloc(what, 0);
    let entries = 0;

    const { integer: reset, floats } = network.neuron(index);
    const { kind, gamma, divideByTheta } = spec.surrogate;
    const beta = kind === 'spike-time' ? spec.surrogate.beta : 0;
    const width = kind === 'spike-time' ? 1 : (spec.surrogate.width ?? 1);
    const threshold = network.threshold(index);
    const height = divideByTheta ? gamma / threshold : gamma;
    const from = arriving.lists
      ? this.transposed(index + 1, arriving.lists, steps)
      : new Array(17).fill(0);
    for (let row = 0; row < pooledRows; row += bandRows) {
      const endRow = Math.min(pooledRows, row + bandRows);
      if (needsSources && pool * Math.floor(output.width / pool) !== output.width) {
        heap.clear(sources, bandFloats * 4);
      }
      const integers = [
        ...[...conv, ...from, arriving.constant ?? 0, pool, mask, maskSteps, row, endRow, scratch],
        ...[potentials[index] ?? 0, weights, unitPtr, units, buffers.bias, sources, sum],
        ...[surrogates[kind], Number(spec.detachReset), reset],
      ];
      const first = height * Math.exp(-beta * neverFiredSteps);
      const reals = [...floats, height, 1 / (width * threshold), Math.exp(-beta), first];
      const results = heap.run(operations.backward, integers, reals);
      const atThreshold = new Float32Array(results.buffer, results.byteOffset, results.length);
      this.thresholds[index] =
        at(this.thresholds, index) + at(atThreshold, integers.length + reals.length);
      if (needsSources) {
        const rows = (endRow - row) * pool;
        entries = this.compress(
          sources,
          rows,
          ptr + row * pool * ptrWords * 4,
          list,
          entries,
          index,
        );
      }
    }
    if (isConstant && buffers.weights) {
      this.addWeightGradients(index, undefined, sum, 1, pixels, image);
    }
    if (index === 0) return { constant: sum };

    // Rows that no window of the pooling covers send nothing.
    const lists = heap.u32(ptr, output.height * ptrWords);
    lists.fill(entries, pooledRows * pool * ptrWords);
    // Down to the floor, over what is no longer needed.
    const [ptrTo = 0, listTo = 0] = heap.moveDown(floor, [
      { at: ptr, bytes: output.height * ptrWords * 4 },
      { at: list, bytes: entries * groupBytes },
    ]);
    return { lists: { ptr: ptrTo, list: listTo } };
  }

  /**
   * A layer's input sorted by entry, for weight gradients.
   *
   * @param {number} index
   * @param {readonly number[]} conv
   * @param {number} spikes
   */
  byEntry(index, conv, spikes) {
    const { heap } = this;
    const { timeSteps } = this.spec.network;
    if (timeSteps > 65535) throw new SizeError('Training takes at most 65535 time-steps.');
    const { name, input } = this.network.layer(index);
    const what = `the input of layer "${name}" by entry`;
    const [ptr = 0, list = 0] = conv;
    const channels = (this.network.isSigned(index) ? 2 : 1) * input.channels;
    const chunks = Math.ceil(timeSteps / chunk);
    const result = {
      ptr: this.network.allocPtr(what, input, chunks),
      units: heap.alloc(what, checkedProduct(what, spikes + 8, unitBytes)),
    };
    const top = heap.top;
    const scratch = heap.alloc(what, input.width * channels * 4);
    heap.run(operations.byEntry, [
      ...[ptr, list, result.ptr, result.units, scratch],
      ...[timeSteps, input.height, input.width, channels],
    ]);
    heap.release(top);
    return result;
  }

  /** Bytes of a band of sources. */
  bandBytes() {
    return Math.min(this.spec.memoryBudget / 4, 64 * 2 ** 20);
  }

  /**
   * Appends a band of sources to valued lists.
   *
   * @param {number} sources
   * @param {number} rows
   * @param {number} ptr
   * @param {number} list
   * @param {number} start entries so far
   * @param {number} index
   * @returns {number} entries then
   */
  compress(sources, rows, ptr, list, start, index) {
    const { heap, network, spec } = this;
    const { name, output } = network.layer(index);
    const padded = network.padded(output.channels);
    const { timeSteps } = spec.network;
    const shape = [rows, timeSteps, output.width, output.channels, padded, start, 0];
    const counted = heap.run(operations.compressGroups, [sources, 0, 0, ...shape]);
    const what = `the gradients of layer "${name}"`;
    heap.extend(what, list, checkedProduct(what, at(counted, 9) >>> 0, groupBytes));
    this.checkBudget(what);
    const results = heap.run(operations.compressGroups, [sources, ptr, list, ...shape]);
    return at(results, 9) >>> 0;
  }

  /** @param {string} what */
  checkBudget(what) {
    const used = this.heap.top - this.network.floor;
    if (used > this.spec.memoryBudget) {
      throw new SizeError(
        `${what} brings one image's backward pass to ${used} bytes, above the memory budget of ` +
          `${this.spec.memoryBudget}; raise the budget, or take fewer time-steps.`,
      );
    }
  }

  /**
   * Which of a layer's units the gradient from above reaches, as bits: not those that dropout removes, and of a
   * max-pooling window the first with the largest value, at each time-step.
   *
   * @param {number} index
   * @returns {{ mask: number, maskSteps: number }}
   */
  reach(index) {
    const { heap, network, spec } = this;
    const { bits, image } = this.image();
    const { before, source } = network.layer(index + 1);
    const mask = network.dropoutMask(index + 1, image);
    if (before.maxPool === 1) return { mask, maskSteps: 1 };
    const spikes = /** @type {Bits} */ (bits[index]);
    const winners = heap.alloc('the winners of max-pooling', spikes.bytes);
    const { timeSteps } = spec.network;
    heap.run(operations.maxPool, [
      ...[spikes.at, mask, 0, winners],
      ...[timeSteps, source.height, source.width, spikes.words, before.maxPool],
    ]);
    return { mask: winners, maskSteps: timeSteps };
  }

  /**
   * The gradient at the first layer's current, summed over time, taken back through its weights.
   *
   * @param {Arriving} arriving Σ dU of the first layer, or what it sends if it is the only one
   */
  inputGradient(arriving) {
    const { heap, network } = this;
    const { image } = this.image();
    const { source, before, output } = network.layer(0);
    let sent = arriving.constant ?? 0;
    if (this.last > 0) {
      const padded = network.padded(output.channels);
      const places = output.height * output.width;
      const sums = heap.f32(sent, places * padded);
      const values = new Float32Array(places * output.channels);
      for (let place = 0; place < places; place++) {
        values.set(
          sums.subarray(place * padded, place * padded + output.channels),
          place * output.channels,
        );
      }
      sent = this.gather(0, network.valuedLists(values, output));
    }
    const { height, width, inputs } = this.senders(0);
    const pool = before.averagePool;
    const padded = network.padded(inputs);
    const keep = network.inputMask(image);
    const from = heap.f32(sent, height * width * padded);
    const kept = keep ? heap.u8(keep, source.height * source.width * inputs) : undefined;
    const result = new Float32Array(source.height * source.width * inputs);
    for (let y = 0; y < height * pool; y++) {
      for (let x = 0; x < width * pool; x++) {
        const pixel = Math.floor(y / pool) * width + Math.floor(x / pool);
        for (let c = 0; c < inputs; c++) {
          const unit = (y * source.width + x) * inputs + c;
          if (kept?.[unit] !== 0) result[unit] = at(from, pixel * padded + c);
        }
      }
    }
    return result;
  }

  /**
   * Writes the sums of a layer's parameters, if they are wanted, in the kernels' order: the weight's, then the
   * bias's if there is one. They start anew from 0.
   *
   * @param {number} index
   * @param {Float32Array} to
   */
  takeSums(index, to) {
    const { weights, weightFloats, bias, biasFloats } = this.buffer(index);
    if (weights) this.take(weights, weightFloats, to, 0);
    if (bias) this.take(bias, biasFloats, to, weightFloats);
  }

  /**
   * Copies sums out of the heap, and sets them to 0 while they are in a cache.
   *
   * @param {number} from
   * @param {number} floats
   * @param {Float32Array} to
   * @param {number} place in `to`
   */
  take(from, floats, to, place) {
    const sums = this.heap.f32(from, floats);
    to.set(sums, place);
    sums.fill(0);
  }

  /** The sums of the thresholds; they start anew from 0. */
  takeThresholds() {
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
   * @param {Float32Array} sums
   */
  unpack(index, factor, sums) {
    const { heap, network } = this;
    const { weights, weightFloats, bias, biasFloats } = this.buffer(index);
    const layer = network.layer(index);
    const { input, output, kernel } = layer;
    const length = kernel ** 2 * input.channels * output.channels;
    const top = heap.top;
    const unpacked = heap.alloc('the gradients', length * 4);
    heap.f32(weights, weightFloats).set(sums.subarray(0, weightFloats));
    heap.run(
      operations.unpack,
      [
        ...[weights, unpacked, kernel ** 2, input.channels, output.channels],
        Number(network.isSigned(index)),
      ],
      [factor * network.factor(layer)],
    );
    const biases = sums.slice(weightFloats, weightFloats + biasFloats).map((g) => g * factor);
    sums.set(heap.f32(unpacked, length));
    if (bias) sums.set(biases.subarray(0, output.channels), length);
    heap.release(top);
  }
}
