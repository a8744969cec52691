import type { RandomStream } from '@privatesnn/core';

import type { SynthesisOptions } from './synthesis-options.js';

/**
 * The loss at which each image of a batch is finished: the same for all, or of a range, each image's or the batch's
 * own, log-uniform. A trained network's losses on its training images spread over many powers of ten.
 *
 * @returns [count]
 */
export function stoppingLosses(
  { stopAtLoss, stopBy }: Pick<SynthesisOptions, 'stopAtLoss' | 'stopBy'>,
  count: number,
  random: RandomStream,
): Float64Array {
  if (typeof stopAtLoss === 'number') return new Float64Array(count).fill(stopAtLoss);
  const [low, high] = stopAtLoss;
  const draw = () => low * (high / low) ** random.uniform();
  return stopBy === 'batch'
    ? new Float64Array(count).fill(draw())
    : Float64Array.from({ length: count }, draw);
}
