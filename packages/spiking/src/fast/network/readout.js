/**
 * The last layer, which integrates its current without spiking.
 */
import { element } from '../element.js';
import { checkedProduct } from '../heap.js';
import { sortedBursts } from './bursts.js';
import { layerInput } from './layer-input.js';

/** @typedef {import('./network.js').Network} Network */

/**
 * The last layer's current, summed over time or filtered (as the read-out wants it), at each of the given time-steps,
 * [images, timeSteps.length, classes]; and what comes in.
 *
 * @param {Network} network
 * @param {import('./spike-bits.js').Bits | undefined} before spikes of the layer before; undefined for an only layer
 * @param {import('./network-spec.js').InputImages} images
 * @param {readonly number[]} timeSteps 1-based, ascending
 * @returns {{ readonly potentials: Float32Array } & import('./spiking-layer.js').InputCounts}
 */
export function integrateReadout(network, before, images, timeSteps) {
  const { heap, spec } = network;
  const index = network.layers.length - 1;
  const { output } = network.layer(index);
  const padded = network.padded(output.channels);
  const rows = images.count * timeSteps.length * output.height * output.width;
  const top = heap.top;
  const { conv, spikes: inputSpikes, ...operations } = layerInput(network, index, before, images);
  const bursts = sortedBursts(network, index, conv);
  const what = 'the read-out';
  const records = timeSteps.length;
  const recordAt = heap.alloc(what, records * 4);
  heap.u32(recordAt, records).set(timeSteps);
  const potentials = heap.alloc(what, 4 * checkedProduct(what, rows, padded));
  if (spec.filteredBy !== undefined) {
    const filtered = { recordAt, currents: potentials, records, currentDecay: spec.filteredBy };
    heap.run('integrateFiltered', { conv, bursts, ...filtered });
  } else {
    const kernel = spec.integers ? 'integrateInt' : 'integrate';
    heap.run(kernel, { conv, bursts, recordAt, potentials, records });
  }
  const unit = spec.integers?.[index]?.unit ?? 1;
  const count = rows * padded;
  const from = spec.integers ? heap.i32(potentials, count) : heap.f32(potentials, count);
  const result = new Float32Array(rows * output.channels);
  for (let row = 0; row < rows; row++) {
    for (let c = 0; c < output.channels; c++) {
      result[row * output.channels + c] = element(from, row * padded + c) * unit;
    }
  }
  heap.release(top);
  return { potentials: result, inputSpikes, ...operations };
}
