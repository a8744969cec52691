/**
 * A layer's input as spike trains, for weight gradients (kernels/trains.h).
 */
import { checkedProduct, SizeError } from '../heap.js';
import { allocatePositions } from '../network/lists.js';

const trainBytes = 12;

/** Trains that the kernel fetches ahead. */
const ahead = 8;

/** Time-steps of a list of trains. */
const chunk = 128;

/** Where training does not want them. */
export const noTrains = { trainPtr: 0, trains: 0, times: 0 };

/**
 * @param {import('./training.js').Training} training
 * @param {number} index
 * @param {{ ptr: number, list: number }} lists the layer's input by time-step
 * @param {number} spikes how many there are in the lists, or more
 * @throws {SizeError} for more time-steps than a train can name
 */
export function spikeTrains({ heap, network, steps }, index, { ptr, list }, spikes) {
  if (steps > 65535) throw new SizeError('Training takes at most 65535 time-steps.');
  const { name, input } = network.layer(index);
  const { height, width } = input;
  const channels = network.inputChannels(index);
  const what = `the spike trains of layer "${name}"`;
  const trainPtr = allocatePositions(network, what, input, Math.ceil(steps / chunk));
  const trains = heap.alloc(what, checkedProduct(what, spikes + ahead, trainBytes));
  const times = heap.alloc(what, checkedProduct(what, spikes, 2));
  const top = heap.top;
  const scratch = heap.alloc(what, width * channels * 4);
  heap.run('trains', {
    ...{ ptr, list, trainPtr, trains, times, scratch },
    ...{ steps, height, width, channels },
  });
  heap.release(top);
  return { trainPtr, trains, times };
}
