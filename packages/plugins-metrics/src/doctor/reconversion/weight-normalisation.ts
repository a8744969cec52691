import type { Ann, Snn } from '@privatesnn/core';
import { normaliseWeights, percentileOf } from '@privatesnn/spiking';

import type { Reconversion } from './reconversion.js';

/** Percentiles that are tried; Rueckauer 2017 takes 99.9 and names [99, 99.999] as the useful range. */
export const percentilesToTry = [99.9, 99, 99.5, 99.95, 99.99, 99.999, 100] as const;

/**
 * A network whose weights are normalised by another percentile of the activations.
 *
 * @param activations the ANN's on the calibration images by layer, zeros and negative ones too; asked for once
 */
export function renormalising(
  network: Snn,
  ann: Ann,
  activations: () => Promise<ReadonlyMap<string, Float32Array>>,
): Reconversion['convert'] {
  let positive: Promise<(readonly [layer: string, Float32Array])[]> | undefined;
  return async (percentile, timeSteps) => {
    if (percentile === null) return { ...network, timeSteps };
    positive ??= activations().then((all) =>
      [...all].map(([layer, values]) => [layer, values.filter((a) => a > 0)] as const),
    );
    const scales: Record<string, number> = {};
    for (const [layer, values] of await positive) {
      const scale = percentileOf([values], percentile);
      if (scale === undefined) return undefined;
      scales[layer] = scale;
    }
    const thresholds = Object.fromEntries(Object.keys(network.thresholds).map((name) => [name, 1]));
    const normalised = normaliseWeights(network.architecture, ann.parameters, scales);
    return { ...network, ...normalised, thresholds, timeSteps };
  };
}
