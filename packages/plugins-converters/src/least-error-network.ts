import { spikingLayers, type Ann, type Snn } from '@privatesnn/core';
import { currentUnits, readoutOf, toRates } from '@privatesnn/spiking';

import type { LeastErrorOptions as Options } from './least-error-options.js';
import type { Units } from './layer-thresholds.js';
import { encoderFor, neuronModel } from './neuron-options.js';

/** The ANN's weights, and thresholds by which rates are its activations in these units. */
export function networkOf(ann: Ann, units: Units, timeSteps: number, options: Options): Snn {
  const thresholds: Record<string, number> = {};
  for (const { name } of spikingLayers(ann.architecture)) {
    thresholds[name] = Math.fround(
      units[name]! / currentUnits(ann.architecture, thresholds)[name]!,
    );
  }
  return {
    type: 'snn',
    architecture: ann.architecture,
    ...toRates(ann.architecture, ann.parameters, thresholds),
    thresholds,
    neuron: neuronModel(options),
    encoder: encoderFor(options, ann),
    readout: readoutOf('sum', { timeSteps, after: options.readoutAfter }),
    timeSteps,
    classNames: ann.classNames,
  };
}
