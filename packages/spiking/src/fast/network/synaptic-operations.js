/**
 * What a layer's synapses do: one operation for each entry of its input's lists and each synapse that it reaches.
 */
import { tapsByPosition } from '../../taps.js';
import { element } from '../element.js';

/**
 * @param {import('./network.js').Network} network
 * @param {number} index
 * @param {import('./spike-lists.js').Lists} lists the layer's input
 * @param {boolean} [beside] whether it is the layer's second input
 * @returns {number} operations at all of the lists' time-steps
 */
export function synapticOperations(network, index, { ptr, steps }, beside = false) {
  const planned = network.input(index, beside);
  const { input } = planned;
  const { output } = network.layer(index);
  const rows = tapsByPosition(input.height, output.height, planned);
  const columns = tapsByPosition(input.width, output.width, planned);
  // Entries of a column lie between two positions: their sum by columns is one of positions, most of them times 0.
  const factors = [];
  for (let x = 0; x <= input.width; x++) {
    const factor = (columns[x - 1] ?? 0) - (columns[x] ?? 0);
    if (factor !== 0) factors.push({ x, factor });
  }
  const line = input.width + 1;
  const positions = network.heap.u32(ptr, input.height * steps * line);
  let sum = 0;
  for (let y = 0; y < input.height; y++) {
    let entries = 0;
    for (let at = y * steps * line; at < (y + 1) * steps * line; at += line) {
      for (const { x, factor } of factors) entries += factor * element(positions, at + x);
    }
    sum += entries * element(rows, y);
  }
  return sum * (planned.weighted === undefined ? 1 : output.channels);
}
