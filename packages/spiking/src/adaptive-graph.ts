import { layerText, UserError, type Architecture } from '@privatesnn/core';

import { maxPoolingOf } from './max-pooling.js';

/**
 * Refuses what adaptive neurons are not defined for: a clipped ReLU, as their largest rate is no bound of what they stand
 * for, and the maximum of currents, which have a memory.
 *
 * @param who "The stage adaptive-spiking"
 * @throws UserError naming the layer
 */
export function assertAdaptable(architecture: Architecture, who: string): void {
  const { layers, name } = architecture;
  const clipped = layers.findIndex((layer) => 'maximum' in layer && layer.maximum !== undefined);
  const pool = maxPoolingOf('currents', architecture);
  if (clipped < 0 && pool === undefined) return;
  const [beyond, why] =
    clipped < 0 ? [pool!, 'max-pooling of currents'] : [clipped, 'a clipped ReLU'];
  throw new UserError(
    'configuration',
    'NETWORK_GRAPH',
    `${who} takes plain ReLUs and max-pooling of spikes; ${name} has ${why}: ${layerText(layers[beyond]!, beyond)}.`,
    { hint: 'Take a network without such a layer, or leave this stage out.' },
  );
}
