/**
 * The images that one worker holds, through one layer after the other: each layer's spikes are kept, as bits, until
 * nobody takes them any more. Threshold balancing simulates a layer once for its largest current and once for its
 * spikes, and leaves most of the first out: an upper bound tells which currents cannot be the largest.
 */
import { element } from './element.js';
import { floatOf } from './float-bits.js';
import { layerInput, layerInputs } from './network/layer-input.js';
import { forwardCurrents } from './network/linear-layer.js';
import { Network } from './network/network.js';
import { allocateBits, negativeMap } from './network/spike-bits.js';
import { forwardSpikes } from './network/spiking-layer.js';

/** Counts of currents by the upper bits of a positive 32-bit float, and within one of those bins by the lower. */
const coarseBins = 2 ** 19;
const fineBins = 2 ** 12;

/** Bytes of spikes that a worker keeps as they are. */
const mostKept = 2 ** 28;

/** One image's spikes of a layer. @typedef {{ bytes: Uint8Array, isSqueezed: boolean, spikes: number }} Kept */

const noBounds = { bounds: 0, unit: 0 };

export class LayerSweep {
  /**
   * @param {import('./heap.js').Heap} heap
   * @param {import('./network/network-spec.js').NetworkSpec} spec its thresholds and initial potentials are set layer by
   *   layer
   * @param {{ pixels: Float32Array, start: number, end: number, firstImage: number }} images
   */
  constructor(heap, spec, images) {
    this.heap = heap;
    this.network = new Network(heap, spec);
    this.images = images;
    /** Spikes by layer and image, as long as a layer without threshold takes them. @type {Map<number, Kept[]>} */
    this.kept = new Map();
  }

  get imageCount() {
    return this.images.end - this.images.start;
  }

  /** @param {number} i @returns {import('./network/network-spec.js').InputImages} */
  image(i) {
    const { height, width, channels } = this.network.spec.plan.input;
    const size = height * width * channels;
    const image = this.images.start + i;
    return {
      pixels: this.images.pixels.subarray(image * size, (image + 1) * size),
      number: this.images.firstImage + image,
      count: 1,
    };
  }

  /** Loads the next layer's parameters. @param {import('./network/network-spec.js').Parameters} parameters */
  addLayer(parameters) {
    this.heap.release(this.network.floor);
    this.forget(this.network.layers.length - 1);
    this.network.addLayer(parameters);
  }

  /** Gives up the parameters of the layers that were added last. @param {number} count */
  dropLayers(count) {
    for (let i = 0; i < count; i++) this.network.dropLayer();
  }

  /**
   * What a layer gives for image `i`: its kept spikes, back in the heap, or, of a linear one, its currents, anew.
   *
   * @param {number} from
   * @param {number} i
   * @returns {ReturnType<import('./network/layer-input.js').OutputOf>}
   */
  before(from, i) {
    if (from < 0) return undefined;
    if (this.network.layer(from).linear) {
      return forwardCurrents(this.network, from, this.outputOf(i), this.image(i));
    }
    return this.spikes(from, i);
  }

  /** What the layers before give for image `i`. @param {number} i @returns {import('./network/layer-input.js').OutputOf} */
  outputOf(i) {
    return (from) => this.before(from, i);
  }

  /** The kept spikes of image `i`, back in the heap. @param {number} from the layer that they are of @param {number} i */
  spikes(from, i) {
    const { bytes, isSqueezed, spikes } = /** @type {Kept} */ (this.kept.get(from)?.[i]);
    const { heap } = this;
    const bits = allocateBits(this.network, from, 1);
    if (!isSqueezed) {
      heap.u8(bits.at, bits.bytes).set(bytes);
      return { ...bits, spikes };
    }
    const top = heap.top;
    const squeezed = heap.alloc('kept spikes', bytes.length);
    heap.u8(squeezed, bytes.length).set(bytes);
    heap.run('expand', { from: squeezed, to: bits.at, bytes: bits.bytes });
    heap.release(top);
    return { ...bits, spikes };
  }

  /** The largest current of a layer, at least 0. @param {number} layer */
  largest(layer) {
    let largest = 0;
    this.forEachInput(layer, true, (run) => {
      largest = run({ histogram: 0, bin: -1, largest });
    });
    return largest;
  }

  /**
   * How often which positive current of a layer occurs.
   *
   * @param {number} layer
   * @param {number | undefined} bin left out: counts by the upper 20 bits; else, of the currents that have these, by
   *   the lower 12
   * @returns {Float64Array}
   */
  count(layer, bin) {
    const { heap } = this;
    const bins = bin === undefined ? coarseBins : fineBins;
    const counts = new Float64Array(bins);
    // What lies below the bin need not be looked at: the float before its first.
    const largest = bin ? floatOf(bin * fineBins - 1) : 0;
    this.forEachInput(layer, bin !== undefined, (run) => {
      const histogram = heap.alloc('the counts of currents', bins * 4);
      heap.clear(histogram, bins * 4);
      run({ histogram, bin: bin ?? -1, largest });
      heap.u32(histogram, bins).forEach((n, i) => (counts[i] = element(counts, i) + n));
    });
    return counts;
  }

  /**
   * Calls `use`, for each image, with what looks at the currents of a layer.
   *
   * @param {number} layer
   * @param {boolean} bounded whether upper bounds tell which currents to leave out
   * @param {(run: (wanted: { histogram: number, bin: number, largest: number }) => number) => void} use gives the largest
   *   current to the next image
   */
  forEachInput(layer, bounded, use) {
    const { heap, network } = this;
    heap.release(network.floor);
    const isSum = network.layer(layer).beside.length > 0 || network.takesNumbers(layer);
    const bounds = bounded && !isSum ? this.bounds(layer) : noBounds;
    const floor = heap.top;
    for (let i = 0; i < this.imageCount; i++) {
      heap.release(floor);
      if (isSum) {
        const { conv, others, count } = layerInputs(
          network,
          layer,
          this.outputOf(i),
          this.image(i),
        );
        use((wanted) => heap.run('largestSum', { conv, others, count, ...wanted }).largest);
      } else {
        const { conv } = layerInput(network, layer, this.outputOf(i), this.image(i));
        use((wanted) => heap.run('largest', { conv, ...bounds, ...wanted }).largest);
      }
    }
  }

  /**
   * A layer's spikes under its threshold, kept for the next layer.
   *
   * @param {number} layer
   * @param {number} threshold
   * @param {readonly number[]} [initial] v of each channel, where they have some of their own
   * @returns {number} spikes of all images
   */
  spike(layer, threshold, initial) {
    const { heap, network } = this;
    network.thresholds[layer] = threshold;
    network.initialPotentials[layer] = initial;
    let total = 0;
    /** @type {Kept[]} */
    const kept = [];
    for (let i = 0; i < this.imageCount; i++) {
      heap.release(network.floor);
      const bits = forwardSpikes(network, layer, this.outputOf(i), this.image(i));
      heap.laps?.layer(network, layer, 'forward', bits);
      total += bits.spikes;
      kept.push(this.keep(bits));
    }
    this.kept.set(layer, kept);
    return total;
  }

  /**
   * The sum of a layer's kept spikes by channel, negative ones taken off.
   *
   * @param {number} layer
   * @returns {Float64Array} of all images, pixels and time-steps
   */
  channelSpikes(layer) {
    const { heap, network } = this;
    const counts = new Float64Array(network.words(network.layer(layer).output.channels) * 32);
    /** @param {Uint32Array} words @param {number} wordsOfPixel @param {number} spike */
    const add = (words, wordsOfPixel, spike) => {
      for (let at = 0; at < words.length; at++) {
        const first = (at % wordsOfPixel) * 32;
        for (let word = element(words, at); word !== 0; word &= word - 1) {
          const channel = first + 31 - Math.clz32(word & -word);
          counts[channel] = element(counts, channel) + spike;
        }
      }
    };
    for (let i = 0; i < this.imageCount; i++) {
      heap.release(network.floor);
      const bits = this.spikes(layer, i);
      const back = negativeMap(network, bits);
      add(heap.u32(bits.at, bits.bytes / 4 - (back?.words ?? 0)), bits.words, 1);
      if (back) add(heap.u32(back.at, back.words), bits.words, -1);
    }
    return counts;
  }

  /** Gives up the spikes that only layers up to this one take, directly or by linear layers. @param {number} layer */
  forget(layer) {
    const { layers } = this.network.spec.plan;
    const taken = new Set();
    for (let index = layers.length - 1; index >= 0; index--) {
      const one = this.network.layer(index);
      if (index <= layer && !(one.linear && taken.has(index))) continue;
      for (const input of [one, ...one.beside]) {
        for (const { from } of [input, ...input.joined]) taken.add(from);
      }
    }
    for (const from of this.kept.keys()) if (!taken.has(from)) this.kept.delete(from);
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
    const from = /** @type {number} */ (weights[0]);
    const { unit } = heap.run('bound', { from, to: bounds, length: floats });
    return unit ? { bounds, unit } : noBounds;
  }
}
