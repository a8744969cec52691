/**
 * A layer's input sorted by entry, for weight gradients (kernels/by-entry.h).
 */
import { checkedProduct, SizeError } from '../heap.js';
import { allocatePositions } from '../network/spike-lists.js';

/** Bytes of a unit, which joins spikes of the same entry, and the time-steps of a list of units. */
const unitBytes = 12;
const chunk = 128;

/** Where training does not want them. */
export const noUnits = { unitPtr: 0, units: 0 };

/**
 * @param {import('./training.js').Training} training
 * @param {number} index
 * @param {{ ptr: number, list: number }} lists the layer's input by time-step
 * @param {number} spikes how many there are in the lists, or more
 * @throws {SizeError} for more time-steps than a unit can name
 */
export function spikesByEntry({ heap, network }, index, { ptr, list }, spikes) {
  const steps = network.spec.timeSteps;
  if (steps > 65535) throw new SizeError('Training takes at most 65535 time-steps.');
  const { name, input } = network.layer(index);
  const { height, width } = input;
  const channels = network.inputChannels(index);
  const what = `the input of layer "${name}" by entry`;
  const unitPtr = allocatePositions(network, what, input, Math.ceil(steps / chunk));
  const units = heap.alloc(what, checkedProduct(what, spikes + 8, unitBytes));
  const top = heap.top;
  const scratch = heap.alloc(what, width * channels * 4);
  heap.run('byEntry', { ptr, list, unitPtr, units, scratch, steps, height, width, channels });
  heap.release(top);
  return { unitPtr, units };
}
