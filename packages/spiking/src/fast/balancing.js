/**
 * Threshold balancing of the images that one worker holds: each layer's spikes are kept, as bits, until the next
 * layer has spiked, so that a layer is simulated once for its largest current and once for its spikes. Most of the
 * first is left out: an upper bound tells which currents cannot be the largest.
 */
import { element } from './element.js';
import { floatOf } from './float-bits.js';
import { layerInput } from './network/layer-input.js';
import { Network } from './network/network.js';
import { allocateBits } from './network/spike-bits.js';
import { forwardSpikes } from './network/spiking-layer.js';

/** Counts of currents by the upper bits of a positive 32-bit float, and within one of those bins by the lower. */
const coarseBins = 2 ** 19;
const fineBins = 2 ** 12;

/** Bytes of spikes that a worker keeps as they are. */
const mostKept = 2 ** 28;

/** One image's spikes of a layer. @typedef {{ bytes: Uint8Array, isSqueezed: boolean, spikes: number }} Kept */

const noBounds = { bounds: 0, unit: 0 };

export class Balancing {
  /**
   * @param {import('./heap.js').Heap} heap
   * @param {import('./network/network-spec.js').NetworkSpec} spec its thresholds are set layer by layer
   * @param {{ pixels: Float32Array, start: number, end: number, firstImage: number }} images
   */
  constructor(heap, spec, images) {
    this.heap = heap;
    this.network = new Network(heap, spec);
    this.images = images;
    /** Spikes of the last layer that has its threshold, by image. @type {Kept[]} */
    this.kept = [];
  }

  get imageCount() {
    return this.images.end - this.images.start;
  }

  /** @param {number} i */
  image(i) {
    const { height, width, channels } = this.network.spec.plan.input;
    const size = height * width * channels;
    const image = this.images.start + i;
    return {
      pixels: this.images.pixels.subarray(image * size, (image + 1) * size),
      number: this.images.firstImage + image,
    };
  }

  /** The kept spikes of image `i`, back in the heap. @param {number} layer the one that reads them @param {number} i */
  before(layer, i) {
    if (layer === 0) return undefined;
    const { bytes, isSqueezed, spikes } = /** @type {Kept} */ (this.kept[i]);
    const { heap } = this;
    const bits = allocateBits(this.network, layer - 1);
    if (!isSqueezed) {
      heap.u8(bits.at, bits.bytes).set(bytes);
      return { ...bits, spikes };
    }
    const top = heap.top;
    const from = heap.alloc('kept spikes', bytes.length);
    heap.u8(from, bytes.length).set(bytes);
    heap.run('expand', { from, to: bits.at, bytes: bits.bytes });
    heap.release(top);
    return { ...bits, spikes };
  }

  /**
   * The largest current of a layer, at least 0.
   *
   * @param {number} layer
   * @param {number} biasDivisor what the layer's biases are divided by, from now on
   */
  largest(layer, biasDivisor) {
    const { heap, network } = this;
    network.divideBias(layer, biasDivisor);
    let largest = 0;
    this.forEachInput(layer, true, (input) => {
      ({ largest } = heap.run('largest', { ...input, histogram: 0, bin: -1, largest }));
    });
    return largest;
  }

  /**
   * How often which positive current of a layer occurs.
   *
   * @param {number} layer
   * @param {number} biasDivisor as for `largest`
   * @param {number | undefined} bin left out: counts by the upper 20 bits; else, of the currents that have these, by
   *   the lower 12
   * @returns {Float64Array}
   */
  count(layer, biasDivisor, bin) {
    const { heap, network } = this;
    network.divideBias(layer, biasDivisor);
    const bins = bin === undefined ? coarseBins : fineBins;
    const counts = new Float64Array(bins);
    // What lies below the bin need not be looked at: the float before its first.
    const largest = bin ? floatOf(bin * fineBins - 1) : 0;
    this.forEachInput(layer, bin !== undefined, (input) => {
      const histogram = heap.alloc('the counts of currents', bins * 4);
      heap.clear(histogram, bins * 4);
      heap.run('largest', { ...input, histogram, bin: bin ?? -1, largest });
      heap.u32(histogram, bins).forEach((n, i) => (counts[i] = element(counts, i) + n));
    });
    return counts;
  }

  /**
   * Calls `use` with what a layer receives, for each image.
   *
   * @param {number} layer
   * @param {boolean} bounded whether upper bounds tell which currents to leave out
   * @param {(input: Pick<import('./heap.js').Values<import('./heap.js').Layouts['largest']>, 'conv' | 'bounds' | 'unit'>) => void} use
   */
  forEachInput(layer, bounded, use) {
    const { heap, network } = this;
    heap.release(network.floor);
    const bounds = bounded ? this.bounds(layer) : noBounds;
    const floor = heap.top;
    for (let i = 0; i < this.imageCount; i++) {
      heap.release(floor);
      const { conv } = layerInput(network, layer, this.before(layer, i), this.image(i));
      use({ conv, ...bounds });
    }
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
    for (let i = 0; i < this.imageCount; i++) {
      heap.release(network.floor);
      const before = this.before(layer, i);
      const bits = forwardSpikes(network, layer, before, this.image(i));
      total += bits.spikes;
      this.kept[i] = this.keep(bits);
    }
    return total;
  }

  /**
   * A copy of bits, without their zero bytes where all images' would take much memory.
   *
   * @param {import('./network/spike-bits.js').Bits} bits
   * @returns {Kept}
   */
  keep(bits) {
    const { heap } = this;
    if (this.imageCount * bits.bytes <= mostKept) {
      const bytes = heap.u8(bits.at, bits.bytes).slice();
      return { bytes, isSqueezed: false, spikes: bits.spikes };
    }
    const whole = Math.ceil(bits.bytes / 8) * 8;
    const to = heap.alloc('kept spikes', (whole / 8) * 9 + 8);
    const { length } = heap.run('squeeze', { from: bits.at, to, bytes: whole });
    return { bytes: heap.u8(to, length).slice(), isSqueezed: true, spikes: bits.spikes };
  }

  /**
   * A layer's weights in 8 bits, for the upper bound; none where the layer has a constant current.
   *
   * @param {number} layer
   * @returns {{ bounds: number, unit: number }}
   */
  bounds(layer) {
    const { heap, network } = this;
    const { weights, bias, floats } = network.packed(layer);
    if (bias || network.isConstant(layer)) return noBounds;
    const bounds = heap.alloc('the weights in 8 bits', floats);
    const { unit } = heap.run('bound', { from: weights, to: bounds, length: floats });
    return unit ? { bounds, unit } : noBounds;
  }
}
