import { cosineRate, learningRateAt } from '@privatesnn/spiking';

import type { TrainOptions } from './train-options.js';

/**
 * The learning rate of one step.
 *
 * @param epoch from 0
 * @param part of the epoch that is done, in [0, 1)
 */
export function trainingRate(options: TrainOptions, epoch: number, part: number): number {
  const { learningRate, schedule, epochs, milestones, divideBy } = options;
  switch (schedule) {
    case 'constant':
      return learningRate;
    case 'step':
      return learningRateAt(learningRate, epoch, epochs, { milestones, divideBy });
    case 'cosine':
      return cosineRate(learningRate, (epoch + part) / epochs);
  }
}
