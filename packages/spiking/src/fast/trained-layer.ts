import { biasOf, weightedLayers, type Snn } from '@privatesnn/core';

import type { Parameters } from './network/network-spec.js';
import { layerParameters, partGains, times, timesRows } from './parameters.js';
import { forEachRun, isInPlace, takenBack, type Placement } from './placed-weights.js';
import { inputsOf, type PlannedLayer } from './plan.js';

/** A layer's parameters as training has them, and what their gradients are to those of the network. */
export interface TrainedLayer extends Parameters {
  readonly weights: readonly [Float32Array];
  /**
   * @param sums the gradient of the weight, then the bias's
   * @returns by the parameters' names; parts of the sums, where they need not be changed
   */
  gradients(sums: Float32Array): Record<string, Float32Array>;
}

/**
 * @param layer as the plan has it that training's was made from
 * @param placements by input
 */
export function trainedLayer(
  layer: PlannedLayer,
  placements: readonly Placement[],
  snn: Snn,
): TrainedLayer {
  const parameters = layerParameters(layer, snn.architecture, snn);
  const isPlain = placements.length === 1 && isInPlace(placements[0]!) && !layer.joined.length;
  return isPlain ? plainLayer(layer, parameters) : placedLayer(layer, placements, parameters, snn);
}

function plainLayer(
  { weighted }: PlannedLayer,
  { weights: [weight], bias }: Parameters,
): TrainedLayer {
  const middle = weight!.length;
  const end = middle + (bias?.length ?? 0);
  return {
    weights: [weight!],
    bias,
    gradients(sums) {
      return {
        [`${weighted}.weight`]: sums.subarray(0, middle),
        ...(bias ? { [`${weighted}.bias`]: sums.subarray(middle, end) } : {}),
      };
    },
  };
}

/** All inputs' weights in one window. */
function placedLayer(
  layer: PlannedLayer,
  placements: readonly Placement[],
  { weights, bias }: Parameters,
  snn: Snn,
): TrainedLayer {
  const outputs = layer.output.channels;
  const [{ kernelHeight, kernelWidth, windowRows }] = placements as [Placement];
  const weight = new Float32Array(kernelHeight * kernelWidth * windowRows * outputs);
  placements.forEach((placement, i) =>
    forEachRun(placement, (from, to, length) =>
      weight.set(weights[i]!.subarray(from, from + length), to),
    ),
  );
  const weighted = new Map(weightedLayers(snn.architecture).map((one) => [one.name, one]));
  return {
    weights: [weight],
    bias,
    gradients(sums) {
      const atBias = sums.subarray(weight.length, weight.length + outputs);
      const entries = inputsOf(layer).flatMap((input, i) => {
        if (input.weighted === undefined) return [];
        const gain = snn.gains?.[layer.name]?.[input.place] ?? 1;
        const gradient = times(takenBack(sums, placements[i]!), gain);
        const bias = biasOf(snn.parameters, weighted.get(input.weighted)!);
        return [
          [
            `${input.weighted}.weight`,
            timesRows(gradient, input, layer, partGains(input, snn.gains)),
          ] as const,
          ...(bias ? [[`${input.weighted}.bias`, times(atBias, gain).slice()] as const] : []),
        ];
      });
      return Object.fromEntries(entries);
    },
  };
}
