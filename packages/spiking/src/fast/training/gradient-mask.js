/**
 * Which of a layer's units the gradient from above reaches.
 */
import { dropoutMask } from '../network/dropout.js';
import { gatedPool } from '../network/gated-pool.js';

/**
 * The units as bits: not those that dropout removes, and of a max-pooling window the one that passes: the first with the
 * largest value at each time-step, or the gate's.
 *
 * @param {import('./training.js').Training} training
 * @param {number} index of the layer, not the last
 * @returns {{ mask: number, maskSteps: number }} 0 for all units; the mask's time-steps, 1 if it is always the same
 */
export function gradientMask(training, index) {
  const { heap, network } = training;
  const { bits, images } = training.passing();
  const way = training.way(index);
  const { source, before } = training.takerInput(index);
  // Only a single layer has dropout before it (joint.ts).
  const mask = way.kind === 'one' ? dropoutMask(network, way.taker, images) : 0;
  const [pool] = before.maxPools;
  if (!pool) return { mask, maskSteps: 1 };
  const spikes = /** @type {import('../network/spike-bits.js').Bits} */ (bits[index]);
  const winners = heap.alloc('the winners of max-pooling', spikes.bytes);
  const { steps } = training;
  const { gated, ...windows } = pool;
  const pooling = {
    ...{ bits: spikes.at, mask, result: 0, winners },
    ...{ steps, height: source.height, width: source.width },
    ...{ words: spikes.words, ...windows },
  };
  if (gated) gatedPool(heap, { timeSteps: network.spec.timeSteps, ...pooling });
  else heap.run('maxPool', pooling);
  return { mask: winners, maskSteps: steps };
}
