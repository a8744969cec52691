/**
 * Threshold balancing of the images that one worker holds: each layer's spikes are kept, as bits, until the next
 * layer has spiked, so that a layer is simulated once for its largest current and once for its spikes.
 */
import { at, Network } from './network.js';
import { operations } from './operations.js';

/** Bins of a histogram of currents: the top 19 bits of a positive 32-bit float. */
const bins = 2 ** 19;

export class Balancing {
  /**
   * @param {import('./heap.js').Heap} heap
   * @param {import('./network.js').NetworkSpec} spec its thresholds are set layer by layer
   * @param {{ pixels: Float32Array, start: number, end: number, firstImage: number }} images
   */
  constructor(heap, spec, images) {
    this.heap = heap;
    this.network = new Network(heap, spec);
    this.images = images;
    /** Spikes of the last layer that has its threshold, by image. @type {{ bytes: Uint8Array, spikes: number }[]} */
    this.kept = [];
    this.inputSpikes = 0;
    for (let i = 0; i < this.count; i++) {
      heap.release(this.network.floor);
      this.inputSpikes += this.network.encode(this.pixels(i), this.number(i)).spikes;
    }
  }

  get count() {
    return this.images.end - this.images.start;
  }

  /** @param {number} i */
  pixels(i) {
    const { height, width, channels } = this.network.spec.plan.input;
    const size = height * width * channels;
    const image = this.images.start + i;
    return this.images.pixels.subarray(image * size, (image + 1) * size);
  }

  /** @param {number} i */
  number(i) {
    return this.images.firstImage + this.images.start + i;
  }

  /** The kept spikes of image `i`, back in the heap. @param {number} layer the one that reads them @param {number} i */
  before(layer, i) {
    if (layer === 0) return undefined;
    const { bytes, spikes } = /** @type {{ bytes: Uint8Array, spikes: number }} */ (this.kept[i]);
    const bits = this.network.allocBits(layer - 1);
    this.heap.u8(bits.at, bits.bytes).set(bytes);
    return { ...bits, spikes };
  }

  /**
   * The largest current of a layer, at least 0, and how often which positive current occurs.
   *
   * @param {number} layer
   * @param {number} biasDivisor what the layer's biases are divided by, from now on
   * @param {boolean} wantsHistogram
   * @returns {{ largest: number, histogram: Float64Array | undefined }}
   */
  largest(layer, biasDivisor, wantsHistogram) {
    const { heap, network } = this;
    network.divideBias(layer, biasDivisor);
    let largest = 0;
    const histogram = wantsHistogram ? new Float64Array(bins) : undefined;
    for (let i = 0; i < this.count; i++) {
      heap.release(network.floor);
      const before = this.before(layer, i);
      const { conv } = network.input(layer, before, this.pixels(i), this.number(i));
      const counts = histogram ? heap.alloc('the histogram of currents', bins * 4) : 0;
      if (counts) heap.clear(counts, bins * 4);
      const results = heap.run(operations.largest, [...conv, counts, 0]);
      const current = new Float32Array(results.buffer, results.byteOffset, results.length);
      largest = Math.max(largest, at(current, conv.length + 1));
      if (histogram) {
        heap.u32(counts, bins).forEach((n, bin) => (histogram[bin] = at(histogram, bin) + n));
      }
    }
    return { largest, histogram };
  }

  /**
   * A layer's spikes under its threshold, kept for the next layer.
   *
   * @param {number} layer
   * @param {number} threshold
   * @returns {number} spikes of all images
   */
  spike(layer, threshold) {
    const { heap, network } = this;
    network.thresholds[layer] = threshold;
    let total = 0;
    for (let i = 0; i < this.count; i++) {
      heap.release(network.floor);
      const before = this.before(layer, i);
      const bits = network.spike(layer, before, this.pixels(i), this.number(i));
      total += bits.spikes;
      this.kept[i] = { bytes: heap.u8(bits.at, bits.bytes).slice(), spikes: bits.spikes };
    }
    return total;
  }
}
