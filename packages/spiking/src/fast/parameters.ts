import { biasOf, weightedLayers, weightOf, type Architecture } from '@privatesnn/core';

import type { InRates } from '../units.js';
import type { Parameters } from './network/network-spec.js';
import { averagedOver } from './network/transition.js';
import { inputsOf, partsOf, type PlannedInput, type PlannedLayer } from './plan.js';

/** The parameters of a planned layer, with the gains of its inputs, in the order of the parameters. */
export function layerParameters(
  layer: PlannedLayer,
  architecture: Architecture,
  { parameters, gains }: InRates,
): Parameters {
  const weighted = new Map(weightedLayers(architecture).map((one) => [one.name, one]));
  const inputs = inputsOf(layer).map((input) => ({
    input,
    gain: gains?.[layer.name]?.[input.place] ?? 1,
    from: input.weighted === undefined ? undefined : weighted.get(input.weighted)!,
  }));
  const weights = inputs.map(({ input, gain, from }) => {
    const weight = from
      ? times(weightOf(parameters, from).data, gain)
      : identity(input, layer, gain);
    return timesRows(weight, input, layer, partGains(input, gains));
  });
  const biases = inputs.flatMap(({ gain, from }) => {
    const bias = from && biasOf(parameters, from)?.data;
    return bias ? [times(bias, gain)] : [];
  });
  const [first, ...others] = biases;
  const bias =
    first && others.length > 0
      ? first.map((b, c) => others.reduce((sum, other) => sum + other[c]!, b))
      : first;
  return { weights, bias };
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

/** What the kernels multiply each part's spikes with, for that of concats and of means of other sizes. */
export function partGains(input: PlannedInput, gains: InRates['gains']): number[] {
  return partsOf(input).map(({ before, concats }) =>
    concats.reduce(
      (gain, { name, place }) => gain * (gains?.[name]?.[place] ?? 1),
      averagedOver(input.before) / averagedOver(before),
    ),
  );
}

/** Weights, [taps, inputs of a group, outputs], times the gain of the part that each one's input is of. */
export function timesRows(
  weights: Float32Array,
  input: PlannedInput,
  { output }: PlannedLayer,
  gains: readonly number[],
): Float32Array {
  if (gains.every((gain) => gain === 1)) return weights;
  const byChannel = channelGains(input, gains);
  const [inputs, outputs] = [input.input.channels / input.groups, output.channels];
  const groupOutputs = outputs / input.groups;
  return weights.map((weight, i) => {
    const group = Math.floor((i % outputs) / groupOutputs);
    return weight * byChannel[group * inputs + (Math.floor(i / outputs) % inputs)]!;
  });
}

/** By channel of an input; where its parts become one pixel, all pixels' channels. */
function channelGains(input: PlannedInput, gains: readonly number[]): Float64Array {
  const onePixel = partsOf(input).flatMap(({ shape }, part) =>
    new Array<number>(shape.channels).fill(gains[part]!),
  );
  return Float64Array.from(
    { length: input.input.channels },
    (_, channel) => onePixel[channel % onePixel.length]!,
  );
}

/** Copies that all threads read. */
export function sharedParameters({ weights, bias }: Parameters): Parameters {
  return { weights: weights.map(shared), bias: bias && shared(bias) };
}

/** A copy that all threads read. */
export function shared(values: Float32Array): Float32Array {
  const copy = new Float32Array(new SharedArrayBuffer(values.byteLength));
  copy.set(values);
  return copy;
}
