/**
 * The last layer, which integrates its current without spiking.
 */
import { element } from '../element.js';
import { checkedProduct } from '../heap.js';
import { sortedBursts } from './bursts.js';
import { numbersAt } from './currents.js';
import { countsOf, layerInput } from './layer-input.js';

/** @typedef {import('./network.js').Network} Network */

/**
 * The last layer's current, summed over time from where the read-out begins, or filtered, as it wants it, at each of the
 * given time-steps, [images, timeSteps.length, classes]; and what comes in.
 *
 * @param {Network} network
 * @param {import('./layer-input.js').OutputOf} outputOf
 * @param {import('./network-spec.js').InputImages} images
 * @param {readonly number[]} timeSteps 1-based, ascending
 * @returns {{ readonly potentials: Float32Array } & import('./layer-input.js').InputCounts}
 */
export function integrateReadout(network, outputOf, images, timeSteps) {
  const { heap, spec } = network;
  const index = network.layers.length - 1;
  const { output, beside } = network.layer(index);
  const padded = network.padded(output.channels);
  const { readAfter = 0 } = spec;
  const recordAt = readAfter > 0 ? [readAfter, ...timeSteps] : timeSteps;
  const rows = images.count * recordAt.length * output.height * output.width;
  const unit = spec.integers?.[index]?.unit ?? 1;
  const sums = new Float64Array(rows * output.channels);
  const counted = [undefined, ...beside].map((_, which) => {
    const top = heap.top;
    const { conv, currents, ...counts } = layerInput(network, index, outputOf, images, which);
    if (currents) addSums(network, index, currents, images.count, recordAt, sums);
    const from = integrated(network, index, conv, recordAt, rows);
    for (let row = 0; row < rows; row++) {
      for (let c = 0; c < output.channels; c++) {
        const at = row * output.channels + c;
        sums[at] = element(sums, at) + element(from, row * padded + c);
      }
    }
    heap.release(top);
    return counts;
  });
  const read = readAfter > 0 ? sinceFirst(sums, images.count, recordAt.length) : sums;
  return { potentials: Float32Array.from(read, (sum) => sum * unit), ...countsOf(counted) };
}

/**
 * What each record of an image has more than its first, without that.
 *
 * @param {Float64Array} sums [images, records, classes]
 * @param {number} images
 * @param {number} records
 */
function sinceFirst(sums, images, records) {
  const ofImage = sums.length / images;
  const classes = ofImage / records;
  /** @type {number[]} */
  const since = [];
  sums.forEach((sum, at) => {
    const inImage = at % ofImage;
    if (inImage >= classes) since.push(sum - element(sums, at - inImage + (at % classes)));
  });
  return since;
}

/**
 * Adds an input's currents, summed over time.
 *
 * @param {Network} network
 * @param {number} index
 * @param {number} currents
 * @param {number} images
 * @param {readonly number[]} timeSteps
 * @param {Float64Array} sums added to
 */
function addSums(network, index, currents, images, timeSteps, sums) {
  const steps = network.spec.timeSteps;
  const { height, width, channels } = network.layer(index).output;
  const padded = network.padded(channels);
  const [pixels, size] = [height * width, height * width * channels];
  const from = numbersAt(network, currents, images * steps * pixels * padded);
  for (let image = 0; image < images; image++) {
    const sum = new Float64Array(size);
    let record = image * timeSteps.length;
    for (let step = 1; step <= steps; step++) {
      const start = (image * steps + step - 1) * pixels;
      for (let at = 0; at < size; at++) {
        const place = (start + Math.floor(at / channels)) * padded + (at % channels);
        sum[at] = element(sum, at) + element(from, place);
      }
      if (!timeSteps.includes(step)) continue;
      for (let at = 0; at < size; at++) {
        const to = record * size + at;
        sums[to] = element(sums, to) + element(sum, at);
      }
      record++;
    }
  }
}

/**
 * What comes by one input. Takes heap above the top.
 *
 * @param {Network} network
 * @param {number} index
 * @param {ReturnType<typeof import('./conv-arguments.js').convArguments>} conv
 * @param {readonly number[]} timeSteps
 * @param {number} rows [images, timeSteps.length, height, width] of padded channels
 */
function integrated(network, index, conv, timeSteps, rows) {
  const { heap, spec } = network;
  const padded = network.padded(network.layer(index).output.channels);
  const bursts = sortedBursts(network, index, conv);
  const what = 'the read-out';
  const records = timeSteps.length;
  const recordAt = heap.alloc(what, records * 4);
  heap.u32(recordAt, records).set(timeSteps);
  const count = checkedProduct(what, rows, padded);
  const potentials = heap.alloc(what, 4 * count);
  if (spec.filteredBy !== undefined) {
    const filtered = { recordAt, currents: potentials, records, currentDecay: spec.filteredBy };
    heap.run('integrateFiltered', { conv, bursts, ...filtered });
  } else {
    const kernel = spec.integers ? 'integrateInt' : 'integrate';
    heap.run(kernel, { conv, bursts, recordAt, potentials, records });
  }
  return spec.integers ? heap.i32(potentials, count) : heap.f32(potentials, count);
}
