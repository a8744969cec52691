/**
 * A network in the kernels' heap: its layers' weights, and the sizes that the kernels lay them out by.
 */
import { probeStepsOf } from '../../offset-spikes.js';
import { isSigned } from '../../taking-back.js';
import { blockRows } from '../placed-weights.js';
import { packIntegerWeights, packWeights } from './packed-weights.js';
import { reachesNeurons } from './reaches-neurons.js';
import { takesNumbers } from './takes-numbers.js';
import { averagedOver } from './transition.js';

/**
 * @typedef {import('../heap.js').Heap} Heap
 * @typedef {import('../plan.js').PlannedLayer} PlannedLayer
 * @typedef {import('../plan.js').PlannedInput} PlannedInput
 * @typedef {import('./network-spec.js').NetworkSpec} NetworkSpec
 * @typedef {import('./network-spec.js').Parameters} Parameters
 * @typedef {import('./packed-weights.js').PackedLayer} PackedLayer
 */

export class Network {
  /**
   * @param {Heap} heap
   * @param {NetworkSpec} spec
   */
  constructor(heap, spec) {
    this.heap = heap;
    this.spec = spec;
    /** Channels that the kernels compute at once. */
    this.block = heap.run('info', {}).block;
    /** Where each layer's weights and biases are. @type {PackedLayer[]} */
    this.layers = [];
    /** Where the heap's top was before each layer that was added. @type {number[]} */
    this.tops = [];
    if (spec.integers) {
      spec.integers.forEach((integers, index) =>
        this.layers.push(packIntegerWeights(this, index, integers)),
      );
    } else {
      for (const parameters of spec.parameters) this.addLayer(parameters);
    }
    this.thresholds = [...spec.thresholds];
    this.initialPotentials = [...(spec.initialPotentials ?? [])];
    /** Below this, the heap stays as it is from image to image. */
    this.floor = heap.top;
  }

  /** Loads the next layer's parameters. @param {Parameters} parameters */
  addLayer(parameters) {
    this.tops.push(this.heap.top);
    this.layers.push(packWeights(this, this.layers.length, parameters));
    this.floor = this.heap.top;
  }

  /** Gives up the parameters of the layer that was added last, and all that the heap has above. */
  dropLayer() {
    this.layers.pop();
    this.floor = /** @type {number} */ (this.tops.pop());
    this.heap.release(this.floor);
  }

  /** @param {number} index */
  layer(index) {
    return /** @type {PlannedLayer} */ (this.spec.plan.layers[index]);
  }

  /** An input of a layer: its first, or one of those beside it. @param {number} index @param {number} [which] */
  input(index, which = 0) {
    const layer = this.layer(index);
    return which > 0 ? /** @type {PlannedInput} */ (layer.beside[which - 1]) : layer;
  }

  /** @param {number} index */
  packed(index) {
    return /** @type {PackedLayer} */ (this.layers[index]);
  }

  /** @param {number} index */
  threshold(index) {
    return /** @type {number} */ (this.thresholds[index]);
  }

  /** Blocks of channels. @param {number} channels */
  blocks(channels) {
    return Math.ceil(channels / this.block);
  }

  /** Floats of one pixel, whole blocks. @param {number} channels */
  padded(channels) {
    return this.blocks(channels) * this.block;
  }

  /** Words of a pixel's bits, whole blocks. @param {number} channels */
  words(channels) {
    return this.padded(channels) / 32;
  }

  /** Whether spiking layers send negative spikes too: a map of bits for each sign (spike-bits.js). */
  get isSigned() {
    return isSigned(this.spec.neuron);
  }

  /** The first time-steps of an image that a layer takes twice, the first time as its probe. @param {number} index */
  stepsTakenTwice(index) {
    return reachesNeurons(this.spec.plan, index) ? probeStepsOf(this.spec.neuron) : 0;
  }

  /** Whether an input of a layer is of numbers. @param {number} index @param {number} [which] */
  takesNumbers(index, which = 0) {
    return takesNumbers(this.spec.plan, this.input(index, which));
  }

  /** Whether a layer's input has two channels for each, one for negative spikes. @param {number} index @param {number} [which] */
  takesSigned(index, which = 0) {
    if (this.takesNumbers(index, which)) return false;
    return index === 0 ? this.spec.encoder !== 'constant' : this.isSigned;
  }

  /** Whether a layer's input is a constant current. @param {number} index */
  isConstant(index) {
    return index === 0 && this.spec.encoder === 'constant';
  }

  /** Channels of a layer's input, those for negative spikes among them. @param {number} index @param {number} [which] */
  inputChannels(index, which = 0) {
    return (this.takesSigned(index, which) ? 2 : 1) * this.input(index, which).input.channels;
  }

  /**
   * Whether each block of outputs reads its groups' channels alone, in lists of its own (kernels/lists.h). The image's
   * channels are few.
   *
   * @param {number} index
   * @param {number} [which]
   */
  isGrouped(index, which = 0) {
    const { from, groups, input } = this.input(index, which);
    return from >= 0 && groups > 1 && this.blockRows(index, which) < input.channels;
  }

  /** The most channels that a block of outputs is joined to, without those for negative spikes. @param {number} index @param {number} [which] */
  blockRows(index, which = 0) {
    const { groups, input } = this.input(index, which);
    const { output } = this.layer(index);
    return blockRows({ groups, inputs: input.channels, outputs: output.channels }, this.block);
  }

  /** Rows of the weights of a tap. @param {number} index @param {number} [which] */
  weightRows(index, which = 0) {
    return this.isGrouped(index, which)
      ? (this.takesSigned(index, which) ? 2 : 1) * this.blockRows(index, which)
      : this.inputChannels(index, which);
  }

  /** The factor of average pooling, and of dropout for the units that are kept. @param {PlannedInput} input */
  inputFactor({ before }) {
    let factor = 1 / averagedOver(before);
    if (this.spec.dropout) for (const { rate } of before.dropouts) factor *= 1 / (1 - rate);
    return factor;
  }
}
