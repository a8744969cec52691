import { spikingLayers, UserError, type Ann } from '@privatesnn/core';
import type { Sizes } from '@privatesnn/runtime-tfjs';
import { gaussianThreshold, leastErrorThreshold, type Quantisation } from '@privatesnn/spiking';

import { currentStatistics } from './current-statistics.js';
import type { Search } from './least-error-pass.js';
import { localThresholds } from './local-thresholds.js';

/** θ of each spiking layer in units of activations: what a rate of one spike a time-step stands for. */
export type Units = Readonly<Record<string, number>>;

/**
 * How the option `thresholds` sets those of layers, before they are scaled.
 *
 * @returns the thresholds for given time-steps
 * @throws UserError where a layer gets none
 */
export async function layerThresholds(
  search: Search,
  sizes: Sizes,
): Promise<(quantisation: Quantisation) => Units> {
  switch (search.options.thresholds) {
    case 'layer':
    case 'channel':
      return (quantisation) =>
        eachOf(sizes, (histogram) => leastErrorThreshold(histogram, quantisation)!);
    case 'clip': {
      const clips = clipsOf(search.ann);
      return () => clips;
    }
    case 'statistics': {
      const statistics = await currentStatistics(search);
      const maxima = new Map(
        spikingLayers(search.ann.architecture).map((l) => [l.name, l.maximum]),
      );
      return (quantisation) =>
        eachOf(statistics, (of, layer) =>
          Math.min(
            gaussianThreshold(of, quantisation) ?? noThreshold(search, layer),
            maxima.get(layer) ?? Infinity,
          ),
        );
    }
    case 'local': {
      const balanced = await localThresholds(search);
      const units = eachOf(balanced, (threshold, layer) => threshold || noThreshold(search, layer));
      return () => units;
    }
  }
}

function eachOf<T>(
  layers: Readonly<Record<string, T>>,
  threshold: (value: T, layer: string) => number,
): Units {
  return Object.fromEntries(
    Object.entries(layers).map(([layer, value]) => [layer, threshold(value, layer)]),
  );
}

function noThreshold({ options, calibration }: Search, layer: string): never {
  throw new UserError(
    'run',
    'NO_THRESHOLD',
    `thresholds: ${options.thresholds} gives layer "${layer}" none above 0 on ${calibration.shape[0]} calibration ` +
      'images: its currents are too seldom positive.',
    { hint: 'Use thresholds: layer, or other calibration images.', option: 'thresholds' },
  );
}

/** Where the ReLUs of each layer that is to spike are clipped. @throws UserError where some are not */
function clipsOf({ architecture }: Ann): Units {
  return Object.fromEntries(
    spikingLayers(architecture).map((layer) => {
      if (layer.maximum !== undefined) return [layer.name, layer.maximum];
      throw new UserError(
        'data',
        'NO_CLIP',
        `thresholds: clip needs a network whose ReLUs are all clipped, but those of ${layer.kind} "${layer.name}" are not.`,
        { hint: 'Train the network by qcfs, or use thresholds: layer.', option: 'thresholds' },
      );
    }),
  );
}
