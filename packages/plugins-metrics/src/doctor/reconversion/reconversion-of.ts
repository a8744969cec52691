import type { Ann, Images, Snn } from '@privatesnn/core';
import type { SpikingEngine } from '@privatesnn/spiking';

import { converterOf } from '../converter-of.js';
import { factorsToTry, thresholdDepths } from '../factors.js';
import type { LayerStatistics } from '../layer-statistics.js';
import { rematching } from './adaptive-spiking.js';
import type { Reconversion } from './reconversion.js';
import { rebalancing, type BalancingOptions } from './threshold-balancing.js';
import { percentilesToTry, renormalising } from './weight-normalisation.js';

interface Parts {
  readonly engine: SpikingEngine;
  readonly network: Snn;
  readonly ann: Ann;
  readonly calibration: Images;
  /** Of the noise while balancing. */
  readonly seed: number;
  readonly signal: AbortSignal;
  readonly balancing: BalancingOptions;
  readonly layers: readonly LayerStatistics[];
  readonly neededRates: readonly number[];
  readonly timeSteps: number;
  /** The ANN's activations on the calibration images, by layer. */
  readonly activations: () => Promise<ReadonlyMap<string, Float32Array>>;
}

/** How a network would be converted with another setting, by the converter that made it. */
export function reconversionOf({ balancing, activations, ...parts }: Parts): Reconversion {
  const { network, ann, layers, neededRates, timeSteps } = parts;
  const converter = converterOf(network);
  if (converter === 'weight-normalisation') {
    const convert = renormalising(network, ann, activations);
    return { option: 'percentile', values: percentilesToTry, convert };
  }
  const depths = thresholdDepths(network.architecture);
  const values = factorsToTry(converter, layers, neededRates, depths, timeSteps);
  return converter === 'adaptive-spiking'
    ? { option: 'threshold', values, convert: rematching(network, ann, neededRates[0] ?? 1) }
    : { option: 'scale', values, convert: rebalancing({ ...parts, ...balancing }) };
}
