import {
  layerText,
  sourcesOf,
  spikingLayers,
  summingLayers,
  UserError,
  type Architecture,
  type Layer,
} from '@privatesnn/core';

/**
 * Refuses what adaptive neurons are not defined for: a clipped ReLU, as their largest rate is no bound of what they stand
 * for, and the maximum of currents, which have a memory.
 *
 * @param who "The stage adaptive-spiking"
 * @throws UserError naming the first such layer
 */
export function assertAdaptable(architecture: Architecture, who: string): void {
  const { layers, name } = architecture;
  const sources = sourcesOf(architecture);
  const spiking = new Set<Layer>(spikingLayers(architecture));
  const summing = new Set<Layer>(summingLayers(architecture));
  const givesCurrent = (place: number): boolean => {
    const layer = layers[place];
    if (!layer) return false;
    return summing.has(layer) ? !spiking.has(layer) : sources[place]!.some(givesCurrent);
  };
  const beyond = layers.findIndex(
    (layer, index) =>
      ('maximum' in layer && layer.maximum !== undefined) ||
      (layer.kind === 'max-pool' && sources[index]!.some(givesCurrent)),
  );
  if (beyond < 0) return;
  const why = layers[beyond]!.kind === 'max-pool' ? 'max-pooling of currents' : 'a clipped ReLU';
  throw new UserError(
    'configuration',
    'NETWORK_GRAPH',
    `${who} takes plain ReLUs and max-pooling of spikes; ${name} has ${why}: ${layerText(layers[beyond]!, beyond)}.`,
    { hint: 'Take a network without such a layer, or leave this stage out.' },
  );
}
