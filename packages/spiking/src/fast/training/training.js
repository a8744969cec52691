/**
 * One image forward and back through a network (spatio-temporal back-propagation), with sums of gradients in
 * the heap. Of the way forward the spikes' bits are kept, and the potentials of the last layers, as many as a part
 * of the memory budget holds; the others are computed again on the way back, one block of neurons at a time.
 */
import { SizeError } from '../heap.js';
import { Network } from '../network/network.js';
import { integrateReadout } from '../network/readout.js';
import { forwardSpikes } from '../network/spiking-layer.js';
import { GradientSums } from './gradient-sums.js';
import { inputGradient } from './input-gradient.js';
import { backwardReadout } from './readout.js';
import { backwardSpikes } from './spiking-layer.js';

/**
 * @typedef {import('../heap.js').Heap} Heap
 * @typedef {import('../network/spike-bits.js').Bits} Bits
 * @typedef {import('../network/network-spec.js').InputImage} InputImage
 * @typedef {import('./training-spec.js').TrainingSpec} TrainingSpec
 *
 * What a layer sends to the layer before: the same at all time-steps, or the scan of valued lists.
 * @typedef {{ constant: number, lists?: undefined } | { constant?: undefined, lists: { ptr: number, list: number } }} Arriving
 *
 * An image that went forward; by layer its spikes, and its potentials (0 where they were not kept).
 * @typedef {{ image: InputImage, bits: Bits[], potentials: number[] }} Passing
 */

export class Training {
  /**
   * @param {Heap} heap
   * @param {TrainingSpec} spec
   */
  constructor(heap, spec) {
    this.heap = heap;
    this.spec = spec;
    this.network = new Network(heap, spec.network);
    this.last = spec.network.plan.layers.length - 1;
    this.sums = new GradientSums(this.network, spec.wanted.parameters);
    /** Room for one block's weights of any layer, for the way back. */
    this.tile = heap.alloc('weights of the way back', tileBytes(this.network));
    this.network.floor = heap.top;
    /** The first layer whose potentials are kept. */
    this.firstKept = this.last;
    for (let bytes = 0; this.firstKept > 0; this.firstKept--) {
      bytes += this.potentialBytes(this.firstKept - 1);
      if (bytes > spec.memoryBudget / 32) break;
    }
    /** Bytes of a band of sources (source-bands.js). */
    this.bandBytes = Math.min(spec.memoryBudget / 4, 64 * 2 ** 20);
    /** The image that is on its way. @type {Passing | undefined} */
    this.current = undefined;
    this.sums.clear();
  }

  /** What it takes to keep a layer's potentials. @param {number} index */
  potentialBytes(index) {
    const { output } = this.network.layer(index);
    const neurons = output.height * output.width * this.network.padded(output.channels);
    return neurons * this.spec.network.timeSteps * 4;
  }

  /**
   * The way forward.
   *
   * @param {InputImage} image
   * @returns {{ logits: Float32Array, spikes: number[] }} spikes of the input and of each spiking layer
   */
  forward(image) {
    const { heap, network, spec } = this;
    heap.release(network.floor);
    /** @type {Bits[]} */
    const bits = [];
    const potentials = [];
    const spikes = [];
    for (let index = 0; index < this.last; index++) {
      const isKept = index >= this.firstKept;
      const kept = isKept ? heap.alloc('the potentials', this.potentialBytes(index)) : 0;
      const result = forwardSpikes(network, index, bits.at(-1), image, { potentials: kept });
      potentials.push(kept);
      if (index === 0) spikes.push(result.inputSpikes);
      spikes.push(result.spikes);
      bits.push(result);
    }
    const readout = integrateReadout(network, bits.at(-1), image, [spec.network.timeSteps]);
    if (this.last === 0) spikes.push(readout.inputSpikes);
    this.current = { image, bits, potentials };
    return { logits: readout.potentials.map((u) => u * spec.scale), spikes };
  }

  /**
   * The way back of the image that went forward last; adds to the sums.
   *
   * @param {Float32Array} gradient at the logits
   * @returns {Float32Array | undefined} the gradient at the input, if wanted
   */
  backward(gradient) {
    const { heap, network, spec } = this;
    const top = heap.top;
    const atPotentials = gradient.map((g) => g * spec.scale);
    let arriving = backwardReadout(this, atPotentials);
    for (let index = this.last - 1; index >= 0; index--) {
      arriving = backwardSpikes(this, index, arriving, top);
    }
    const result = spec.wanted.input ? inputGradient(this, arriving) : undefined;
    heap.release(network.floor);
    return result;
  }

  /** The image that went forward last. */
  passing() {
    if (!this.current) throw new Error('No image went forward.');
    return this.current;
  }

  /** @param {string} what what may have gone beyond the memory budget @throws {SizeError} */
  checkBudget(what) {
    const used = this.heap.top - this.network.floor;
    if (used > this.spec.memoryBudget) {
      throw new SizeError(
        `${what} brings one image's backward pass to ${used} bytes, above the memory budget of ` +
          `${this.spec.memoryBudget}; raise the budget, or take fewer time-steps.`,
      );
    }
  }
}

/** @param {Network} network */
function tileBytes({ block, spec }) {
  const rows = spec.plan.layers.map(({ kernel, output }) => kernel ** 2 * output.channels);
  return Math.max(...rows) * block * 4;
}
