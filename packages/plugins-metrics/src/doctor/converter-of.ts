import type { Snn } from '@privatesnn/core';

/** The converters: they differ in the options that set a network's thresholds. */
export type ConverterKind = 'threshold-balancing' | 'weight-normalisation' | 'adaptive-spiking';

/**
 * Which converter made a network, as far as the network itself tells: adaptive neurons come from `adaptive-spiking`,
 * thresholds that are all 1 from `weight-normalisation`, others from `threshold-balancing`.
 */
export function converterOf({
  neuron,
  thresholds,
}: Pick<Snn, 'neuron' | 'thresholds'>): ConverterKind {
  if (neuron.kind === 'adaptive') return 'adaptive-spiking';
  return Object.values(thresholds).every((threshold) => threshold === 1)
    ? 'weight-normalisation'
    : 'threshold-balancing';
}
