import type { AffineStep, ConvStep, DenseStep, Padding, PoolStep } from './step.js';

/* Scales by channel, and how weights and poolings take them up. */

export const hasPadding = (padding: Padding) => padding.some((pixels) => pixels > 0);

/** Whether scaling before a pooling gives what scaling after it gives. */
export function commutes({ scale, shift }: AffineStep, pool: PoolStep): boolean {
  if (pool.kind === 'max-pool') return scale.every((value) => value > 0);
  return !mixesPadding(pool) || shift.every((value) => value === 0);
}

/** Whether zeros of the padding enter an average, which then is not an average of the scaled pixels. */
const mixesPadding = (pool: PoolStep) =>
  pool.kind === 'average-pool' && pool.countPadded && hasPadding(pool.padding);

/** Scales what a layer gives. */
export function scaleOutputs(
  layer: ConvStep | DenseStep,
  { scale, shift, statistics }: AffineStep,
): void {
  const channels = scale.length;
  const { weight } = layer;
  for (let i = 0; i < weight.length; i++) weight[i] = weight[i]! * scale[i % channels]!;
  const bias = layer.bias ?? new Float64Array(channels);
  layer.bias = bias.map((value, c) => value * scale[c]! + shift[c]!);
  if (statistics) layer.statistics = statistics;
  else delete layer.statistics;
}

/** Scales what a convolution takes; one that pads takes no shift. */
export function scaleConvInputs(layer: ConvStep, { scale, shift }: AffineStep): void {
  const { weight, groups } = layer;
  const outputs = layer.shape[2];
  const inGroup = scale.length / groups;
  const bias = layer.bias ?? new Float64Array(outputs);
  for (let i = 0; i < weight.length; i++) {
    const output = i % outputs;
    const group = Math.floor((output * groups) / outputs);
    const channel = group * inGroup + (Math.floor(i / outputs) % inGroup);
    bias[output] = bias[output]! + weight[i]! * shift[channel]!;
    weight[i] = weight[i]! * scale[channel]!;
  }
  layer.bias = bias;
}

/** Scales what a dense layer takes: each of its inputs is one of a channel. */
export function scaleDenseInputs(layer: DenseStep, { scale, shift }: AffineStep): void {
  const { weight } = layer;
  const outputs = layer.shape[2];
  const channels = scale.length;
  const bias = layer.bias ?? new Float64Array(outputs);
  for (let i = 0; i < weight.length; i++) {
    const channel = Math.floor(i / outputs) % channels;
    const output = i % outputs;
    bias[output] = bias[output]! + weight[i]! * shift[channel]!;
    weight[i] = weight[i]! * scale[channel]!;
  }
  layer.bias = bias;
}
