/**
 * Which of a layer's units the gradient from above reaches.
 */
import { dropoutMask } from '../network/dropout.js';

/**
 * The units as bits: not those that dropout removes, and of a max-pooling window the first with the largest value, at
 * each time-step.
 *
 * @param {import('./training.js').Training} training
 * @param {number} index of the layer, not the last
 * @returns {{ mask: number, maskSteps: number }} 0 for all units; the mask's time-steps, 1 if it is always the same
 */
export function gradientMask(training, index) {
  const { heap, network } = training;
  const { bits, image } = training.passing();
  const { before, source } = network.layer(index + 1);
  const mask = dropoutMask(network, index + 1, image.number);
  if (before.maxPool === 1) return { mask, maskSteps: 1 };
  const spikes = /** @type {import('../network/spike-bits.js').Bits} */ (bits[index]);
  const winners = heap.alloc('the winners of max-pooling', spikes.bytes);
  const steps = network.spec.timeSteps;
  heap.run('maxPool', {
    ...{ bits: spikes.at, mask, result: 0, winners },
    ...{ steps, height: source.height, width: source.width },
    ...{ words: spikes.words, pool: before.maxPool },
  });
  return { mask: winners, maskSteps: steps };
}
