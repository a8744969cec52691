/**
 * What a layer's synapses do: one operation for each entry of its input's lists and each synapse that it reaches.
 */
import { tapsByPosition } from '../../taps.js';
import { element } from '../element.js';

/**
 * @param {import('./network.js').Network} network
 * @param {number} index
 * @param {import('./spike-lists.js').Lists} lists an input of the layer, all channels
 * @param {number} [which] of the layer's inputs
 * @returns {number} operations at all of the lists' time-steps
 */
export function synapticOperations(network, index, { ptr, steps }, which = 0) {
  const planned = network.input(index, which);
  const { input, groups } = planned;
  const { output } = network.layer(index);
  const [dilationY, dilationX] = planned.dilation;
  const rows = tapsByPosition(input.height, output.height, {
    ...{ kernel: planned.kernelHeight, stride: planned.strideY },
    ...{ padding: planned.top, dilation: dilationY },
  });
  const columns = tapsByPosition(input.width, output.width, {
    ...{ kernel: planned.kernelWidth, stride: planned.strideX },
    ...{ padding: planned.left, dilation: dilationX },
  });
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
  return sum * (planned.weighted === undefined ? 1 : output.channels / groups);
}
