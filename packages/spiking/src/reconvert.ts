import {
  weightedLayers,
  type AdaptiveActivation,
  type Ann,
  type Parameters,
  type Snn,
} from '@privatesnn/core';

import { biasesFromRates } from './normalisation.js';

/**
 * Re-conversion (attack 1): the conventional network that has the SNN's weights and a ReLU for each layer of
 * spiking neurons. Conversion by threshold balancing leaves weights as they are, so that this gives the trained
 * ANN back unless the weights were encrypted; biases, which a conversion puts in units of spike rates, come back
 * into those of activations. Adaptive neurons whose spikes have one height in all layers leave their transfer function
 * in the place of the ReLU: so do networks that were trained with it.
 */
export function reconvertToAnn(snn: Snn): Ann {
  const activation = activationOf(snn);
  return {
    type: 'ann',
    architecture: snn.architecture,
    parameters: biasesFromRates(snn.architecture, snn.parameters, snn.thresholds),
    inputRange: snn.encoder.range,
    classNames: snn.classNames,
    ...(activation ? { activation } : {}),
  };
}

/** The transfer function that all layers share. */
function activationOf({ architecture, thresholds, neuron }: Snn): AdaptiveActivation | undefined {
  if (neuron.kind !== 'adaptive' || neuron.refractoryDecay === 0) return undefined;
  const [first, ...others] = weightedLayers(architecture)
    .slice(0, -1)
    .map(({ name }) => thresholds[name]!);
  if (first === undefined || others.some((threshold) => threshold !== 1)) return undefined;
  return { kind: 'adaptive', neuron, spikeHeight: first };
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
