/**
 * The way back to a layer whose spikes several layers take, as before and behind a residual block: their transposed
 * convolutions are one, with their outputs side by side.
 */
import { checkedProduct } from '../heap.js';
import { groupBytes, groupSteps } from './transposed.js';

/**
 * @typedef {import('./training.js').Training} Training
 * @typedef {import('./training.js').ListedSources} ListedSources
 * @typedef {import('../joint.js').Taker} Taker
 * @typedef {Extract<import('../joint.js').Way, { kind: 'several' }>} Several
 */

/**
 * By taker, the first channel of its outputs among those of all: whole blocks lie before it.
 *
 * @param {import('../network/network.js').Network} network
 * @param {Several} way
 */
function firstChannels(network, { takers }) {
  const starts = [];
  let channels = 0;
  for (const { index } of takers) {
    starts.push(channels);
    channels += network.padded(network.layer(index).output.channels);
  }
  return { starts, channels };
}

/** The takers' weights in the kernels' order, of one window for all. */
export class ReturningWeights {
  /**
   * @param {import('../network/network.js').Network} network
   * @param {number} index of the layer
   * @param {Several} way
   */
  constructor(network, index, way) {
    this.network = network;
    this.way = way;
    this.inputs = network.layer(index).output.channels;
    const { starts, channels } = firstChannels(network, way);
    this.starts = starts;
    /** Rows of one block's weights, the other way round. */
    this.rows = way.window.kernel ** 2 * channels;
    const floats = checkedProduct('weights of the way back', this.rows, this.inputs);
    this.at = network.heap.alloc('weights of the way back', floats * 4);
  }

  /**
   * Takes what a taker's parameters hold of its weights.
   *
   * @param {number} index of a layer, which may be none of them
   * @param {Float32Array} weight as its parameters have them
   */
  take(index, weight) {
    const { network, way, inputs } = this;
    const { heap, block } = network;
    const { kernel } = way.window;
    way.takers.forEach((taker, i) => {
      if (taker.index !== index) return;
      const outputs = network.layer(index).output.channels;
      const length = kernel ** 2 * inputs * outputs;
      const top = heap.top;
      const from = heap.alloc('weights of the way back', length * 4);
      this.copy(taker, weight, heap.f32(from, length), outputs);
      const before = /** @type {number} */ (this.starts[i]) / block;
      const to = this.at + before * kernel ** 2 * inputs * block * 4;
      heap.run('pack', { from, to, taps: kernel ** 2, inputs, outputs, isSigned: 0, factor: 1 });
      heap.release(top);
    });
  }

  /**
   * A taker's weights in the middle of the common window, zeros around.
   *
   * @param {Taker} taker
   * @param {Float32Array} weight
   * @param {Float32Array} to
   * @param {number} outputs
   */
  copy({ index, part, window, tap }, weight, to, outputs) {
    const { network, way, inputs } = this;
    const layer = network.layer(index);
    const joint = part === undefined ? undefined : layer.joint?.[part];
    const rows = layer.input.channels;
    const { first, tap: own } = joint ?? { first: 0, tap: 0 };
    to.fill(0);
    for (let y = 0; y < window.kernel; y++) {
      for (let x = 0; x < window.kernel; x++) {
        const from = ((own + y) * layer.kernelWidth + own + x) * rows + first;
        const place = ((tap + y) * way.window.kernel + tap + x) * inputs;
        to.set(weight.subarray(from * outputs, (from + inputs) * outputs), place * outputs);
      }
    }
  }
}

/**
 * `struct transposed`: what the takers send to the layer.
 *
 * @param {Training} training
 * @param {number} index
 * @param {Several} way
 * @param {Pick<ListedSources, 'ptr' | 'list'>} lists of `joinedSources`
 * @param {number} steps
 */
export function returningArguments(training, index, way, { ptr, list }, steps) {
  const { network, tile } = training;
  const { output } = network.layer(index);
  const [pool] = training.takerInput(index).before.maxPools;
  const [{ index: first }] = /** @type {[Taker]} */ (way.takers);
  const { height, width } = network.layer(first).output;
  const { at } = /** @type {ReturningWeights} */ (training.returning[index]);
  return {
    ...{ ptr, list, weights: at, tile, rows: output.channels, steps, height, width },
    channels: firstChannels(network, way).channels,
    outHeight: pool?.outHeight ?? output.height,
    outWidth: pool?.outWidth ?? output.width,
    outChannels: output.channels,
    ...way.window,
    ...{ blocks: network.blocks(output.channels), dense: 0 },
  };
}

/**
 * The takers' sources in one set of lists, by their channels among those of all. Takes heap above the top.
 *
 * @param {Training} training
 * @param {Several} way
 * @param {(index: number) => ListedSources} sourcesOf
 * @returns {ListedSources}
 */
export function joinedSources(training, way, sourcesOf) {
  const { heap, network } = training;
  const { starts, channels } = firstChannels(network, way);
  const [{ index: first }] = /** @type {[Taker]} */ (way.takers);
  const { height, width } = network.layer(first).output;
  const what = 'what several layers send';
  const groups = Math.ceil(training.steps / groupSteps);
  const positions = height * groups * (width + 1);
  const entries = way.takers.reduce((sum, { index }) => sum + sourcesOf(index).entries, 0);
  const at = { ptr: heap.alloc(what, positions * 4), list: heap.alloc(what, entries * groupBytes) };
  training.checkBudget(what);
  const all = way.takers.map(({ index }, i) => {
    const sources = sourcesOf(index);
    return {
      start: /** @type {number} */ (starts[i]),
      channels: network.layer(index).output.channels,
      ptr: heap.u32(sources.ptr, positions),
      list: heap.u32(sources.list, (sources.entries * groupBytes) / 4),
    };
  });
  const ptr = heap.u32(at.ptr, positions);
  const list = heap.u32(at.list, (entries * groupBytes) / 4);
  const words = groupBytes / 4;
  let end = 0;
  for (let position = 0; position < positions; position++) {
    ptr[position] = end;
    const x = position % (width + 1);
    if (x === width) continue;
    for (const one of all) {
      const from = /** @type {number} */ (one.ptr[position]);
      const to = /** @type {number} */ (one.ptr[position + 1]);
      list.set(one.list.subarray(from * words, to * words), end * words);
      const shift = x * (channels - one.channels) + one.start;
      for (let i = 0; i < to - from; i++, end++) {
        list[end * words] = /** @type {number} */ (list[end * words]) + shift;
      }
    }
  }
  return { ...at, entries, positions };
}
