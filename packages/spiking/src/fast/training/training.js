/**
 * Images forward and back through a network (spatio-temporal back-propagation), some together (network/images-together.js),
 * with sums of gradients in the heap. Of the way forward the spikes' bits are kept, and the potentials of the last layers, as many as a part
 * of the memory budget holds; the others are computed again on the way back, one block of neurons at a time.
 */
import { SizeError } from '../heap.js';
import { Network } from '../network/network.js';
import { takenBits } from '../network/joint-input.js';
import { integrateReadout } from '../network/readout.js';
import { forwardSpikes } from '../network/spiking-layer.js';
import { GradientSums } from './gradient-sums.js';
import { inputGradient } from './input-gradient.js';
import { backwardReadout } from './readout.js';
import { joinedSources, ReturningWeights } from './several-takers.js';
import { backwardSpikes } from './spiking-layer.js';
import { isTiled, turnedRows } from './tiles.js';

/**
 * @typedef {import('../heap.js').Heap} Heap
 * @typedef {import('../network/spike-bits.js').Bits} Bits
 * @typedef {import('../network/layer-input.js').InputCounts} InputCounts
 * @typedef {import('../network/network-spec.js').InputImages} InputImages
 * @typedef {import('./training-spec.js').TrainingSpec} TrainingSpec
 *
 * Sources in the heap. Valued lists, of groups of time-steps: where they are, how many entries, and how many numbers `ptr`
 * has. Or dense, [height, steps, width, padded channels].
 * @typedef {{ ptr: number, list: number, entries: number, positions: number, values?: undefined }} ListedSources
 * @typedef {{ values: number, bytes: number }} DenseSources
 * @typedef {ListedSources | DenseSources} Sources
 *
 * What arrives at a layer from above: the same at all time-steps of an image, or the scan of sources.
 * @typedef {{ constant: number, sources?: undefined } | { constant?: undefined, sources: Sources }} Arriving
 *
 * Images that went forward; by layer what they took (undefined for the first), their spikes, and their potentials (0 where
 * they were not kept).
 * @typedef {{ images: InputImages, inputs: (Bits | undefined)[], bits: Bits[], potentials: number[], counts: InputCounts[] }} Passing
 */

/** Bytes of potentials that are kept: beyond them more memory brings less than it costs. */
const mostKept = 32 * 2 ** 20;

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
    /** By layer: the weights by which the gradient comes back from several layers at once. */
    this.returning = spec.ways.map((way, index) =>
      way.kind === 'several' ? new ReturningWeights(this.network, index, way) : undefined,
    );
    /** Room for one block's weights of any layer, for the way back. */
    this.tile = heap.alloc('weights of the way back', tileBytes(this));
    this.network.floor = heap.top;
    spec.network.parameters.forEach(({ weights }, index) => this.takeReturning(index, weights));
    /** The first layer whose potentials are kept. */
    this.firstKept = this.last;
    for (let bytes = 0; this.firstKept > 0; this.firstKept--) {
      bytes += this.potentialBytes(this.firstKept - 1);
      if (bytes > Math.min(spec.memoryBudget / 16, mostKept)) break;
    }
    /** Bytes of a band of sources (source-bands.js). */
    this.bandBytes = Math.min(spec.memoryBudget / 4, 64 * 2 ** 20);
    /** Time-steps of all images that are on their way. */
    this.steps = spec.network.timeSteps;
    /** The images that are on their way. @type {Passing | undefined} */
    this.current = undefined;
    this.sums.clear();
  }

  /** What it takes at most to keep a layer's potentials. @param {number} index */
  potentialBytes(index) {
    const { output } = this.network.layer(index);
    const neurons = output.height * output.width * this.network.padded(output.channels);
    return neurons * this.spec.together * this.spec.network.timeSteps * 4;
  }

  /** Loads the next layer's parameters. @param {import('../network/network-spec.js').Parameters} parameters */
  addLayer(parameters) {
    const index = this.network.layers.length;
    this.network.addLayer(parameters);
    this.takeReturning(index, parameters.weights);
  }

  /** @param {number} index @param {readonly Float32Array[]} weights of its one input */
  takeReturning(index, [weight]) {
    if (!weight) return;
    for (const returning of this.returning) returning?.take(index, weight);
  }

  /** Whether a layer's sources may be dense. @param {number} index */
  mayTile(index) {
    return index > 0 && isTiled(this.network, this.spec.ways, index);
  }

  /** How the gradient comes back to a layer. @param {number} index */
  way(index) {
    return /** @type {import('../joint.js').Way} */ (this.spec.ways[index]);
  }

  /** The input that takes a layer's spikes: the first of several, which are alike. @param {number} index */
  takerInput(index) {
    const way = this.way(index);
    if (way.kind === 'one') return this.network.layer(way.taker);
    const [{ index: taker, part }] = /** @type {[import('../joint.js').Taker]} */ (way.takers);
    const layer = this.network.layer(taker);
    return part === undefined
      ? layer
      : /** @type {import('../joint.js').JointPart} */ (layer.joint?.[part]);
  }

  /**
   * The way forward.
   *
   * @param {InputImages} images at most as many as go together
   * @returns {{ logits: Float32Array, spikes: number[] }} logits [images, classes], spikes of the input and of each
   *   spiking layer
   */
  forward(images) {
    const { heap, network, spec } = this;
    heap.release(network.floor);
    this.steps = images.count * spec.network.timeSteps;
    /** @type {Bits[]} */
    const bits = [];
    const inputs = [];
    const potentials = [];
    const spikes = [];
    const counts = [];
    for (let index = 0; index < this.last; index++) {
      const isKept = index >= this.firstKept;
      const kept = isKept ? heap.alloc('the potentials', this.potentialBytes(index)) : 0;
      const input = takenBits(network, index, bits, this.steps);
      const result = forwardSpikes(network, index, () => input, images, { potentials: kept });
      heap.laps?.layer(network, index, 'forward', result);
      counts.push(result);
      inputs.push(input);
      potentials.push(kept);
      if (index === 0) spikes.push(result.inputSpikes);
      spikes.push(result.spikes);
      bits.push(result);
    }
    inputs.push(bits.at(-1));
    const readout = integrateReadout(network, (from) => bits[from], images, [
      spec.network.timeSteps,
    ]);
    heap.laps?.layer(network, this.last, 'forward', readout);
    counts.push(readout);
    if (this.last === 0) spikes.push(readout.inputSpikes);
    this.current = { images, inputs, bits, potentials, counts };
    return { logits: readout.potentials.map((u) => u * spec.scale), spikes };
  }

  /**
   * The way back of the images that went forward last; adds to the sums.
   *
   * @param {Float32Array} gradient at the logits, [images, classes]
   * @returns {Float32Array | undefined} the gradient at the input, [images, height, width, channels], if wanted
   */
  backward(gradient) {
    const { heap, network, spec } = this;
    const top = heap.top;
    const atPotentials = gradient.map((g) => g * spec.scale);
    let sent = backwardReadout(this, atPotentials);
    this.lapBack(this.last);
    /** By layer, its sources, as long as a layer below takes them. @type {Map<number, Sources>} */
    const sources = new Map();
    for (let index = this.last - 1; index >= 0; index--) {
      const arriving =
        index === this.last - 1 ? sent : { sources: this.sourcesAbove(index, sources) };
      const kept = [...sources].filter(([above]) => this.lowestSource(above) < index);
      const back = backwardSpikes(this, index, arriving, {
        floor: top,
        kept: kept.map(([, one]) => one),
      });
      this.lapBack(index);
      if (back.constant !== undefined) sent = { constant: back.constant };
      sources.clear();
      kept.forEach(([above], i) => sources.set(above, /** @type {Sources} */ (back.kept?.[i])));
      if (back.sources) sources.set(index, back.sources);
    }
    const result = spec.wanted.input ? inputGradient(this, sent) : undefined;
    heap.laps?.lap('input', 'back');
    heap.release(network.floor);
    return result;
  }

  /**
   * The sources of what takes a layer's spikes, all together.
   *
   * @param {number} index
   * @param {ReadonlyMap<number, Sources>} sources
   */
  sourcesAbove(index, sources) {
    const way = this.way(index);
    const of = (/** @type {number} */ above) => /** @type {Sources} */ (sources.get(above));
    if (way.kind === 'one') return of(way.taker);
    return joinedSources(this, way, (above) => /** @type {ListedSources} */ (of(above)));
  }

  /** The lowest layer whose spikes a layer takes. @param {number} index */
  lowestSource(index) {
    const { joint, from } = this.network.layer(index);
    return joint ? Math.min(...joint.map((part) => part.from)) : from;
  }

  /**
   * For a profile: a layer's synapses are gone through for weight gradients, and for potentials that were not kept.
   *
   * @param {number} index
   */
  lapBack(index) {
    const counts = /** @type {InputCounts} */ (this.passing().counts[index]);
    const times = Number(this.spec.wanted.parameters) + Number(index < this.firstKept);
    this.heap.laps?.layer(this.network, index, 'back', counts, times);
  }

  /** The images that went forward last. */
  passing() {
    if (!this.current) throw new Error('No image went forward.');
    return this.current;
  }

  /** @param {string} what what may have gone beyond the memory budget @throws {SizeError} */
  checkBudget(what) {
    const used = this.heap.top - this.network.floor;
    if (used > this.spec.memoryBudget) {
      throw new SizeError(
        `${what} brings one backward pass to ${used} bytes, above the memory budget of ` +
          `${this.spec.memoryBudget}; raise the budget, or take fewer time-steps.`,
      );
    }
  }
}

/** @param {Training} training */
function tileBytes(training) {
  const { network, spec, returning } = training;
  const rows = spec.network.plan.layers.map((_, index) => turnedRows(training, index));
  const joined = returning.map((one) => one?.rows ?? 0);
  return Math.max(...rows, ...joined) * network.block * 4;
}
