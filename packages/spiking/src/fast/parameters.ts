import { biasOf, weightedLayers, weightOf, type Architecture } from '@privatesnn/core';

import type { InRates } from '../units.js';
import type { Parameters } from './network/network-spec.js';
import type { PlannedInput, PlannedLayer } from './plan.js';

/** The parameters of a planned layer, with the gains of its inputs. */
export function layerParameters(
  layer: PlannedLayer,
  architecture: Architecture,
  { parameters, gains }: InRates,
): Parameters {
  const weighted = new Map(weightedLayers(architecture).map((one) => [one.name, one]));
  const inputs = [layer, ...(layer.beside ? [layer.beside] : [])].map((input) => ({
    input,
    gain: gains?.[layer.name]?.[input.place] ?? 1,
    from: input.weighted === undefined ? undefined : weighted.get(input.weighted)!,
  }));
  const weights = inputs.map(({ input, gain, from }) =>
    from ? times(weightOf(parameters, from).data, gain) : identity(input, layer, gain),
  );
  const biases = inputs.flatMap(({ gain, from }) => {
    const bias = from && biasOf(parameters, from)?.data;
    return bias ? [times(bias, gain)] : [];
  });
  const [first, second] = biases;
  return {
    weight: weights[0]!,
    bias: second ? first!.map((b, c) => b + second[c]!) : first,
    ...(weights[1] ? { beside: weights[1] } : {}),
  };
}

/** Each value times the gain. */
export function times(values: Float32Array, gain: number): Float32Array {
  return gain === 1 ? values : values.map((value) => value * gain);
}

/** One tap of weights, [inputs, outputs], that hands each channel on. */
export function identity(
  { input, offset }: PlannedInput,
  { output }: PlannedLayer,
  gain: number,
): Float32Array {
  const weights = new Float32Array(input.channels * output.channels);
  for (let c = 0; c < input.channels; c++) weights[c * output.channels + offset + c] = gain;
  return weights;
}

/** Copies that all threads read. */
export function sharedParameters({ weight, bias, beside }: Parameters): Parameters {
  return {
    weight: shared(weight),
    bias: bias && shared(bias),
    ...(beside ? { beside: shared(beside) } : {}),
  };
}

/** A copy that all threads read. */
export function shared(values: Float32Array): Float32Array {
  const copy = new Float32Array(new SharedArrayBuffer(values.byteLength));
  copy.set(values);
  return copy;
}
