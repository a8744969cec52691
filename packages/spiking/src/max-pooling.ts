import {
  sourcesOf,
  spikingLayers,
  summingLayers,
  type Architecture,
  type Layer,
} from '@privatesnn/core';

/**
 * The place of the first max-pooling that takes spikes, or the first that takes currents, directly or behind other
 * poolings and the like.
 *
 * @returns undefined where there is none; one of the image alone takes neither
 */
export function maxPoolingOf(
  what: 'spikes' | 'currents',
  architecture: Architecture,
): number | undefined {
  const { layers } = architecture;
  const sources = sourcesOf(architecture);
  const spiking = new Set<Layer>(spikingLayers(architecture));
  const summing = new Set<Layer>(summingLayers(architecture));
  const gives = (place: number): boolean => {
    const layer = layers[place];
    if (!layer) return false;
    if (summing.has(layer)) return spiking.has(layer) === (what === 'spikes');
    return sources[place]!.some(gives);
  };
  const found = layers.findIndex(
    ({ kind }, place) => kind === 'max-pool' && sources[place]!.some(gives),
  );
  return found < 0 ? undefined : found;
}
