/**
 * The numbers that a layer takes, those of all parts side by side.
 */
import { element } from '../element.js';
import { checkedProduct } from '../heap.js';
import { numbersAt } from './currents.js';
import { pooledNumbers, presentPixels } from './pooled-numbers.js';
import { partSpikes } from './spike-lists.js';
import { numberOperations } from './synaptic-operations.js';

/**
 * @typedef {import('./network.js').Network} Network
 * @typedef {import('../plan.js').PlannedPart} PlannedPart
 * @typedef {import('./currents.js').Currents} Currents
 *
 * @typedef {object} Taken
 * @property {number} numbers In the heap, [steps][height][width][stride].
 * @property {number} stride
 * @property {number} spikes
 * @property {number} additions
 * @property {number} multiplications
 */

/**
 * Takes heap above the top.
 *
 * @param {Network} network
 * @param {number} index of the layer that takes them
 * @param {import('./layer-input.js').OutputOf} outputOf
 * @param {import('./network-spec.js').InputImages} images
 * @param {number} which of the layer's inputs
 * @returns {Taken}
 */
export function takenNumbers(network, index, outputOf, images, which) {
  const { heap, spec } = network;
  const steps = images.count * spec.timeSteps;
  const planned = network.input(index, which);
  const parts = [planned, ...planned.joined];
  const what = `the input of layer "${network.layer(index).name}"`;
  const counts = { spikes: 0, additions: 0, multiplications: 0 };
  const count = (/** @type {PlannedPart} */ part) => {
    if (planned.weighted === undefined) return;
    const { height, width, present } = presentPixels(part);
    const times = images.count * (spec.timeSteps + network.stepsTakenTwice(index));
    const perPixel = times * part.source.channels;
    counts.multiplications +=
      perPixel * numberOperations(network, index, { height, width }, present, which);
  };
  if (parts.length === 1 && isAsItIs(planned)) {
    count(planned);
    const { at } = /** @type {Currents} */ (outputOf(planned.from));
    return { numbers: at, stride: network.padded(planned.source.channels), ...counts };
  }
  const { height, width } = planned.shape;
  const stride = parts.reduce((sum, { shape }) => sum + shape.channels, 0);
  const size = checkedProduct(what, steps, height, width, stride);
  const numbers = heap.alloc(what, 4 * size);
  heap.clear(numbers, 4 * size);
  let first = 0;
  for (const part of parts) {
    const given = outputOf(part.from);
    if (network.layer(part.from).linear) {
      count(part);
      const { at } = /** @type {Currents} */ (given);
      const { channels, ...from } = numbersOf(network, part, at, steps);
      const pixels = steps * height * width;
      const to = numbersAt(network, numbers, size);
      const row = part.shape.channels;
      for (let pixel = 0; pixel < pixels; pixel++) {
        // Where its pixels are one, they lie behind each other as they should.
        const start = from.stride === channels ? pixel * row : pixel * from.stride;
        to.set(from.values.subarray(start, start + row), pixel * stride + first);
      }
    } else {
      const top = heap.top;
      const bits = /** @type {import('./spike-bits.js').Bits} */ (given);
      const { lists, counted } = partSpikes(network, index, part, bits, images, { what, which });
      counts.additions += counted;
      heap.run('scatter', { ...lists, numbers, stride, first, isSigned: Number(network.isSigned) });
      heap.release(top);
    }
    first += part.shape.channels;
  }
  return { numbers, stride: planned.joinedFlat ? height * width * stride : stride, ...counts };
}

/** Whether nothing is done to a part's currents on their way. @param {PlannedPart} part */
function isAsItIs({ before, source }) {
  const { maxPools, averagePool, averages, flat } = before;
  const isOne = source.height * source.width === 1;
  return maxPools.length + averages.length === 0 && averagePool === 1 && (isOne || !flat);
}

/**
 * A part's numbers behind its poolings.
 *
 * @param {Network} network
 * @param {PlannedPart} part
 * @param {number} at its currents
 * @param {number} steps
 */
function numbersOf(network, { before, source }, at, steps) {
  const stride = network.padded(source.channels);
  const values = numbersAt(network, at, steps * source.height * source.width * stride);
  const packed = { values, steps, ...source, stride };
  return pooledNumbers(before.flat && stride > source.channels ? unpadded(packed) : packed, before);
}

/**
 * Numbers without what lies between pixels.
 *
 * @param {import('./pooled-numbers.js').Numbers} numbers
 * @returns {import('./pooled-numbers.js').Numbers}
 */
function unpadded({ values, stride, ...numbers }) {
  const { steps, height, width, channels } = numbers;
  const result = values.slice(0, steps * height * width * channels);
  for (let pixel = 0; pixel < steps * height * width; pixel++) {
    for (let c = 0; c < channels; c++) {
      result[pixel * channels + c] = element(values, pixel * stride + c);
    }
  }
  return { ...numbers, values: result, stride: channels };
}
