import type { Ann, Parameters, Snn } from '@privatesnn/core';

import { biasesFromRates } from './normalisation.js';

/**
 * Re-conversion (attack 1): the conventional network that has the SNN's weights and a ReLU for each layer of
 * spiking neurons. Conversion by threshold balancing leaves weights as they are, so that this gives the trained
 * ANN back unless the weights were encrypted; biases, which a conversion puts in units of spike rates, come back
 * into those of activations.
 */
export function reconvertToAnn(snn: Snn): Ann {
  return {
    type: 'ann',
    architecture: snn.architecture,
    parameters: biasesFromRates(snn.architecture, snn.parameters, snn.thresholds),
    inputRange: snn.encoder.range,
    classNames: snn.classNames,
  };
}

/**
 * How far the weights of each layer moved: ‖b − a‖ / ‖a‖ (Frobenius norms), biases left out.
 *
 * @returns by layer name; 0 where nothing changed, Infinity where all of a's weights are 0 and b's are not
 */
export function relativeWeightChange(a: Parameters, b: Parameters): Record<string, number> {
  const suffix = '.weight';
  const names = Object.keys(a).filter((name) => name.endsWith(suffix));
  return Object.fromEntries(
    names.map((name) => {
      const before = a[name]!.data;
      const after = b[name]?.data;
      if (after?.length !== before.length) {
        throw new Error(
          `Expected ${before.length} numbers in "${name}" of the second network, received ${after?.length ?? 'none'}.`,
        );
      }
      const difference = norm(before.map((value, i) => after[i]! - value));
      return [name.slice(0, -suffix.length), difference === 0 ? 0 : difference / norm(before)];
    }),
  );
}

function norm(values: Float32Array): number {
  return Math.sqrt(values.reduce((sum, value) => sum + value * value, 0));
}
