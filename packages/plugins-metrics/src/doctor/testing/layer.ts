import type { LayerStatistics } from '../layer-statistics.js';

/** A layer in which nothing is wrong, unless something is changed. */
export const layerOf = (layer: string, change: Partial<LayerStatistics> = {}): LayerStatistics => ({
  layer,
  correlation: 0.9,
  dead: 0,
  tooFine: 0,
  saturated: 0,
  highestRate: 1,
  gain: 1,
  ...change,
});
