/**
 * What a layer's synapses do: one operation for each entry of its input's lists and each synapse that it reaches.
 */
import { tapsByPosition } from '../../taps.js';
import { element } from '../element.js';

/**
 * @param {import('./network.js').Network} network
 * @param {number} index
 * @param {import('./lists.js').Lists} lists an input of the layer, or a part of one, before it is made one pixel
 *   or after
 * @param {number} [which] of the layer's inputs
 * @returns {number} operations at all of the lists' time-steps, those of the probe twice
 */
export function synapticOperations(network, index, lists, which = 0) {
  const twice = network.stepsTakenTwice(index);
  const { timeSteps } = network.spec;
  let operations = operationsAt(network, index, lists, which, 0, lists.steps);
  if (twice === 0) return operations;
  for (let image = 0; image < lists.steps; image += timeSteps) {
    operations += operationsAt(network, index, lists, which, image, image + twice);
  }
  return operations;
}

/**
 * The same of one image's numbers, which are the same at all time-steps.
 *
 * @param {import('./network.js').Network} network
 * @param {number} index
 * @param {import('./lists.js').Lists} lists of one time-step
 */
export function constantOperations(network, index, lists) {
  const steps = network.spec.timeSteps + network.stepsTakenTwice(index);
  return steps * operationsAt(network, index, lists, 0, 0, 1);
}

/**
 * Operations of the entries of time-steps `from` to before `to` of the lists.
 *
 * @param {import('./network.js').Network} network
 * @param {number} index
 * @param {import('./lists.js').Lists} lists
 * @param {number} which
 * @param {number} from
 * @param {number} to
 */
function operationsAt(network, index, { ptr, steps, height, width }, which, from, to) {
  const { rows, columns, reached } = reach(network, index, { height, width }, which);
  // Entries of a column lie between two positions: their sum by columns is one of positions, most of them times 0.
  const factors = [];
  for (let x = 0; x <= width; x++) {
    const factor = (columns[x - 1] ?? 0) - (columns[x] ?? 0);
    if (factor !== 0) factors.push({ x, factor });
  }
  const line = width + 1;
  const positions = network.heap.u32(ptr, height * steps * line);
  let sum = 0;
  for (let y = 0; y < height; y++) {
    let entries = 0;
    const end = (y * steps + to) * line;
    for (let at = (y * steps + from) * line; at < end; at += line) {
      // Not by element(), which also reads arrays of other kinds: here this is most of the time.
      for (const { x, factor } of factors) entries += factor * (positions[at + x] ?? 0);
    }
    sum += entries * element(rows, y);
  }
  return sum * reached;
}

/**
 * What synapses do with numbers, where each is not 0.
 *
 * @param {import('./network.js').Network} network
 * @param {number} index
 * @param {{ height: number, width: number }} size of the numbers, before they are made one pixel or after
 * @param {ArrayLike<number>} present by pixel; 0 where there are none
 * @param {number} which of the layer's inputs
 * @returns {number} operations for each time-step, and each channel that the pixels have
 */
export function numberOperations(network, index, { height, width }, present, which) {
  const { rows, columns, reached } = reach(network, index, { height, width }, which);
  let sum = 0;
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      if (present[y * width + x] !== 0) sum += element(rows, y) * element(columns, x);
    }
  }
  return sum * reached;
}

/**
 * The taps that reach positions of each row and each column, and the outputs that each of them reaches.
 *
 * @param {import('./network.js').Network} network
 * @param {number} index
 * @param {{ height: number, width: number }} size
 * @param {number} which
 */
function reach(network, index, { height, width }, which) {
  const planned = network.input(index, which);
  const { output } = network.layer(index);
  const [dilationY, dilationX] = planned.dilation;
  const rows = tapsOf(height, planned.input.height, output.height, {
    ...{ kernel: planned.kernelHeight, stride: planned.strideY },
    ...{ padding: planned.top, dilation: dilationY },
  });
  const columns = tapsOf(width, planned.input.width, output.width, {
    ...{ kernel: planned.kernelWidth, stride: planned.strideX },
    ...{ padding: planned.left, dilation: dilationX },
  });
  const reached = planned.weighted === undefined ? 1 : output.channels / planned.groups;
  return { rows, columns, reached };
}

/**
 * By position of the lists along one axis; where the input is one pixel, all are in that.
 *
 * @param {number} size
 * @param {number} inputSize
 * @param {number} outSize
 * @param {Parameters<typeof tapsByPosition>[2]} window
 */
function tapsOf(size, inputSize, outSize, window) {
  const taps = tapsByPosition(inputSize, outSize, window);
  return size === inputSize ? taps : new Array(size).fill(element(taps, 0));
}
