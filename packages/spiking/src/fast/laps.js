/**
 * Where a thread's time goes, for the profile of a run: each lap is what has passed since the one before. Plain JavaScript,
 * as worker threads run it unbuilt.
 */

/**
 * @typedef {{ operations: number, bytes: number }} Counted
 *
 * @typedef {object} Lap All laps of one part and pass; see ProfileRow.
 * @property {string} part
 * @property {string} pass
 * @property {number} seconds
 * @property {number} calls
 * @property {number} [operations]
 * @property {number} [bytes]
 */

export class Laps {
  #last = 0;
  /** What belongs to the lap that goes on. @type {Counted | undefined} */
  #counted;
  /** @type {Map<string, Lap>} */
  #rows = new Map();

  /** The next lap begins now. */
  start() {
    this.#last = performance.now();
  }

  /** What is done in the lap that goes on. @param {Counted} counted */
  count({ operations, bytes }) {
    this.#counted ??= { operations: 0, bytes: 0 };
    this.#counted.operations += operations;
    this.#counted.bytes += bytes;
  }

  /** @param {string} part @param {string} pass */
  lap(part, pass) {
    const now = performance.now();
    const key = `${part}\n${pass}`;
    const row = this.#rows.get(key) ?? { part, pass, seconds: 0, calls: 0 };
    row.seconds += (now - this.#last) / 1000;
    row.calls++;
    if (this.#counted) {
      row.operations = (row.operations ?? 0) + this.#counted.operations;
      row.bytes = (row.bytes ?? 0) + this.#counted.bytes;
    }
    this.#rows.set(key, row);
    this.#counted = undefined;
    this.#last = now;
  }

  /**
   * A lap of a layer. Its operations are those of its synapses (LayerOperations), its bytes what they read of the weights:
   * 4 for each addition, 2 of integers, from whichever cache. What a constant input is multiplied with is read once for
   * all time-steps, and left out.
   *
   * @param {import('./network/network.js').Network} network
   * @param {number} index
   * @param {string} pass
   * @param {import('./network/layer-input.js').InputCounts} counts what came in
   * @param {number} [times] how often the synapses were gone through; on the way back their weight gradients are read and
   *   written so
   */
  layer(network, index, pass, { additions, multiplications }, times = 1) {
    const weightBytes = network.spec.integers ? 2 : 4;
    if (times > 0) {
      this.count({
        operations: times * (sum(additions) + sum(multiplications)),
        bytes: times * weightBytes * sum(additions),
      });
    }
    this.lap(network.layer(index).name, pass);
  }

  /** All laps since the last time. @returns {Lap[]} */
  take() {
    const rows = [...this.#rows.values()];
    this.#rows.clear();
    return rows;
  }
}

/** @param {readonly number[]} numbers */
function sum(numbers) {
  return numbers.reduce((a, b) => a + b, 0);
}
