import { layerText, spikingLayers, UserError, weightedLayers, type Ann } from '@privatesnn/core';
import { z } from 'zod';

/** The option of networks whose spikes need a time-step from one layer to the next. */
export const delayOption = {
  layerDelay: z
    .boolean()
    .default(false)
    .describe(
      "Whether each layer receives the spikes of the layer before one time-step later (Rathi 2020), as in the authors' " +
        'code: the network is the same without the delay over as many time-steps less as there are spiking layers.',
    ),
};

interface Delayed {
  readonly timeSteps: number;
  readonly layerDelay: boolean;
  readonly leak: number;
  readonly initialPotential: number;
  readonly encoder: 'poisson' | 'constant' | 'first-spike';
}

/**
 * The time-steps in which a network without delay does what one with a delay of one time-step a spiking layer does in
 * `timeSteps`. Layer l then runs l time-steps behind the input: it sees the same spikes at the same distances, and what
 * the last layers' delay keeps from the output within `timeSteps` is what the shorter run leaves out.
 *
 * @throws UserError where several ways join, nothing is left, membranes that start above 0 would leak while they wait, a bias, which needs no spike, would be ahead of them, or pixels spike once
 *   somewhere within the time-steps, so that fewer of those change the input
 */
export function undelayedSteps(
  { timeSteps, layerDelay, leak, initialPotential, encoder }: Delayed,
  { architecture }: Pick<Ann, 'architecture'>,
): number {
  if (!layerDelay) return timeSteps;
  const join = architecture.layers.findIndex(({ kind }) => kind === 'add' || kind === 'concat');
  if (join >= 0) {
    throw new UserError(
      'configuration',
      'DELAYED_JOIN',
      `layerDelay: true is for networks in which spikes come to each layer by one way, as by several they would come ` +
        `at different time-steps, but ${layerText(architecture.layers[join]!, join)} of ${architecture.name} joins several.`,
      { hint: 'Set layerDelay: false.' },
    );
  }
  const biased = weightedLayers(architecture).find(({ bias }) => bias);
  if (biased) {
    throw new UserError(
      'configuration',
      'DELAYED_BIAS',
      `layerDelay: true is for networks without biases, but layer "${biased.name}" of ${architecture.name} has them.`,
      { hint: 'Set layerDelay: false, or use a network without biases.' },
    );
  }
  if (encoder === 'first-spike') {
    throw new UserError(
      'configuration',
      'DELAYED_FIRST_SPIKE',
      'layerDelay: true is for inputs that are alike at all time-steps, but encoder is first-spike.',
      { hint: 'Set layerDelay: false, or encoder: poisson or constant.' },
    );
  }
  if (initialPotential > 0 && leak < 1) {
    throw new UserError(
      'configuration',
      'DELAYED_INITIAL',
      `layerDelay: true with initialPotential: ${initialPotential} needs neurons without leak, but leak is ${leak}: ` +
        'membranes would leak before their first input.',
      { hint: 'Set leak: 1, initialPotential: 0, or layerDelay: false.' },
    );
  }
  const spiking = spikingLayers(architecture).length;
  if (timeSteps <= spiking) {
    throw new UserError(
      'configuration',
      'DELAY_TOO_LONG',
      `With layerDelay: true nothing reaches the output of ${architecture.name} within ${timeSteps} time-step${timeSteps === 1 ? '' : 's'}: its ` +
        `${spiking} spiking layers delay the input by one each.`,
      { hint: `Take more than ${spiking} timeSteps, or set layerDelay: false.` },
    );
  }
  return timeSteps - spiking;
}
