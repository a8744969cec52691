import { biasOf, weightedLayers, weightOf, type Snn } from '@privatesnn/core';

import type { JointPart } from './joint.js';
import type { Parameters } from './network/network-spec.js';
import { identity, times } from './parameters.js';
import type { PlannedLayer } from './plan.js';

/** A layer's parameters as training has them, and what their gradients are to those of the network. */
export interface TrainedLayer extends Parameters {
  /**
   * @param sums the gradient of the weight, then the bias's
   * @param room may hold the result, where it has its size
   * @returns by the parameters' names
   */
  gradients(sums: Float32Array, room: Float32Array): Record<string, Float32Array>;
}

export function trainedLayer(layer: PlannedLayer, snn: Snn): TrainedLayer {
  return layer.joint ? jointLayer(layer, layer.joint, snn) : plainLayer(layer, snn);
}

function plainLayer({ weighted }: PlannedLayer, snn: Snn): TrainedLayer {
  const { name, weight, bias } = parametersOf(snn, weighted!);
  const [middle, end] = [weight.length, weight.length + (bias?.length ?? 0)];
  return {
    weight,
    bias,
    gradients(sums, room) {
      if (!bias && room.length === end) {
        room.set(sums.subarray(0, end));
        return { [`${name}.weight`]: room };
      }
      return {
        [`${name}.weight`]: new Float32Array(sums.subarray(0, middle)),
        ...(bias ? { [`${name}.bias`]: new Float32Array(sums.subarray(middle, end)) } : {}),
      };
    },
  };
}

/** Both inputs' weights in one window, each times its gain. */
function jointLayer(layer: PlannedLayer, parts: readonly JointPart[], snn: Snn): TrainedLayer {
  const outputs = layer.output.channels;
  const weight = new Float32Array(layer.kernel ** 2 * layer.input.channels * outputs);
  const all = parts.map((part) => ({
    part,
    gain: snn.gains?.[layer.name]?.[part.place] ?? 1,
    own: part.weighted === undefined ? undefined : parametersOf(snn, part.weighted),
  }));
  for (const { part, gain, own } of all) {
    const values = own ? times(own.weight, gain) : identity(part, layer, gain);
    forEachTap(layer, part, (place, at, length) => {
      weight.set(values.subarray(at, at + length), place);
    });
  }
  const biases = all.flatMap(({ own, gain }) => (own?.bias ? [times(own.bias, gain)] : []));
  const [first, second] = biases;
  return {
    weight,
    bias: second ? first!.map((b, c) => b + second[c]!) : first,
    gradients(sums) {
      const atBias = sums.subarray(weight.length, weight.length + outputs);
      const entries = all.flatMap(({ part, gain, own }) => {
        if (!own) return [];
        const gradient = new Float32Array(own.weight.length);
        forEachTap(layer, part, (place, at, length) => {
          gradient.set(sums.subarray(place, place + length), at);
        });
        return [
          [`${own.name}.weight`, times(gradient, gain)] as const,
          ...(own.bias ? [[`${own.name}.bias`, times(atBias, gain).slice()] as const] : []),
        ];
      });
      return Object.fromEntries(entries);
    },
  };
}

/** Where each tap of a part's weights is in the joint ones, and where in its own. */
function forEachTap(
  layer: PlannedLayer,
  { kernel, input, first, tap }: JointPart,
  visit: (place: number, at: number, length: number) => void,
): void {
  const outputs = layer.output.channels;
  const length = input.channels * outputs;
  for (let y = 0; y < kernel; y++) {
    for (let x = 0; x < kernel; x++) {
      const row = ((tap + y) * layer.kernel + tap + x) * layer.input.channels + first;
      visit(row * outputs, (y * kernel + x) * length, length);
    }
  }
}

function parametersOf({ architecture, parameters }: Snn, name: string) {
  const layer = weightedLayers(architecture).find((one) => one.name === name)!;
  return {
    name,
    weight: weightOf(parameters, layer).data,
    bias: biasOf(parameters, layer)?.data,
  };
}
