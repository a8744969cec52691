/**
 * A layer's sources, the sparse part of its gradient (kernels/backward.h): computed as dense numbers for a band of rows
 * at a time, so that they take little memory, and kept as valued lists; or as they are, where that pays (tiles.js).
 */
import { checkedProduct } from '../heap.js';
import { tilesPay } from './tiles.js';
import { groupBytes, groupSteps } from './transposed.js';

/**
 * @typedef {import('./training.js').Sources} Sources
 * @typedef {{ at: number, bytes: number }[]} Buffers
 */

export class SourceBands {
  /**
   * @param {import('./training.js').Training} training
   * @param {number} index
   * @param {number} pool how many times smaller than the layer's outputs the pixels of the layer above are
   * @param {number} rowFloats of one row of outputs at all time-steps
   */
  constructor(training, index, pool, rowFloats) {
    this.training = training;
    this.index = index;
    this.pool = pool;
    const { heap, network } = training;
    const { name, output } = network.layer(index);
    const what = `the way back through layer "${name}"`;
    this.pooledRows = Math.floor(output.height / pool);
    const fitting = Math.floor(training.bandBytes / (rowFloats * 4 * pool));
    /** Rows of pooled pixels of a band. */
    this.rows = Math.max(1, Math.min(this.pooledRows, fitting));
    this.denseBytes = this.rows * pool * rowFloats * 4;
    /** A band's sources, [rows · pool][steps][width][padded channels]. */
    this.dense = heap.alloc(what, this.denseBytes);
    this.rowPositions = Math.ceil(training.steps / groupSteps) * (output.width + 1);
    this.positions = output.height * this.rowPositions;
    this.ptr = heap.alloc(what, this.positions * 4);
    // Taken last: it grows with each band.
    this.list = heap.alloc(what, 0);
    this.entries = 0;
    const isWhole = this.rows * pool === output.height;
    this.mayStayDense = isWhole && training.mayTile(index);
    this.isDense = false;
  }

  /** To be called before a band's sources are computed: columns that no window of the pooling covers are 0. */
  clear() {
    const { heap, network } = this.training;
    const { width } = network.layer(this.index).output;
    if (width % this.pool !== 0) heap.clear(this.dense, this.denseBytes);
  }

  /**
   * Appends a band's sources to the lists.
   *
   * @param {number} row the band's first row of pooled pixels
   * @param {number} endRow
   */
  append(row, endRow) {
    const { training, pool } = this;
    const { heap, network } = training;
    const { name, output } = network.layer(this.index);
    const band = {
      ...{ values: this.dense, rows: (endRow - row) * pool, steps: training.steps },
      ...{ width: output.width, channels: output.channels },
      ...{ padded: network.padded(output.channels), start: this.entries },
    };
    const counted = heap.run('compressGroups', { ...band, ptr: 0, list: 0 });
    this.isDense = this.mayStayDense && tilesPay(training, this.index, counted.end);
    const what = `the gradients of layer "${name}"`;
    const listed = this.isDense ? 0 : counted.end;
    heap.extend(what, this.list, checkedProduct(what, listed, groupBytes));
    training.checkBudget(what);
    if (this.isDense) return;
    const ptr = this.ptr + row * pool * this.rowPositions * 4;
    this.entries = heap.run('compressGroups', { ...band, ptr, list: this.list }).end;
  }

  /**
   * The sources of all bands, moved down to the floor behind others.
   *
   * @param {number} floor what is above is no longer needed, but for the others
   * @param {readonly Sources[]} others in the order in which they were taken
   */
  finish(floor, others) {
    const { heap } = this.training;
    const all = [...others, this.isDense ? this.#denseSources() : this.#listedSources()];
    const buffers = all.map(buffersOf);
    const moved = heap.moveDown('the spikes of a layer', floor, buffers.flat());
    let next = 0;
    const placed = all.map((one, i) => {
      const first = next;
      next += /** @type {Buffers} */ (buffers[i]).length;
      return sourcesAt(one, moved.slice(first, next));
    });
    const sources = /** @type {Sources} */ (placed.pop());
    return { sources, kept: placed };
  }

  #denseSources() {
    return { values: this.dense, bytes: this.denseBytes };
  }

  #listedSources() {
    // Rows that no window of the pooling covers send nothing.
    const covered = this.pooledRows * this.pool * this.rowPositions;
    this.training.heap.u32(this.ptr, this.positions).fill(this.entries, covered);
    const { ptr, list, entries, positions } = this;
    return { ptr, list, entries, positions };
  }
}

/** @param {Sources} sources @returns {Buffers} */
function buffersOf(sources) {
  if (sources.values !== undefined) return [{ at: sources.values, bytes: sources.bytes }];
  const { ptr, list, entries, positions } = sources;
  return [
    { at: ptr, bytes: positions * 4 },
    { at: list, bytes: entries * groupBytes },
  ];
}

/** Sources whose buffers were moved. @param {Sources} sources @param {readonly number[]} moved @returns {Sources} */
function sourcesAt(sources, moved) {
  const [first, second] = /** @type {[number, number]} */ (moved);
  if (sources.values !== undefined) return { ...sources, values: first };
  return { ...sources, ptr: first, list: second };
}
