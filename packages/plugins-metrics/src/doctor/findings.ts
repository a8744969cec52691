import type { LayerStatistics } from './layer-statistics.js';

/** What is wrong with the layers of a network that is behind its ANN, one sentence each; facts, no advice. */
export function findingsOf(layers: readonly LayerStatistics[], timeSteps: number): string[] {
  const found = (sentence: string, holds: (layer: LayerStatistics) => boolean): string[] => {
    const names = layers.filter(holds).map(({ layer }) => layer);
    return names.length > 0 ? [`${sentence} in ${names.join(', ')}.`] : [];
  };
  const half = (part: number) => part > 0.5;
  const spikes = ({ highestRate }: LayerStatistics) => highestRate > 0;
  return [
    ...found('No neuron spikes', (layer) => !spikes(layer)),
    ...found('More than 1 % of the neurons would need more spikes than time-steps', isSaturated),
    ...found(
      'More than half of the neurons that the ANN uses never spike',
      (layer) => half(layer.dead) && spikes(layer) && !half(layer.tooFine),
    ),
    ...found(
      `More than half of the neurons that the ANN uses stand for less than one spike in T = ${timeSteps}`,
      (layer) => half(layer.tooFine) && spikes(layer),
    ),
  ];
}

/** Whether more than one neuron in a hundred is cut off. */
export function isSaturated({ saturated }: Pick<LayerStatistics, 'saturated'>): boolean {
  return saturated > 0.01;
}
