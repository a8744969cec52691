import { windowOf, type WeightedLayer } from '@privatesnn/core';

type Shape = readonly [height: number, width: number, channels: number];

/**
 * How a weighted layer connects its input to its output: every tap joins channels of one input pixel to channels of one
 * output pixel, all of them or those of one group. A dense layer is one tap between two pixels of many channels.
 */
export interface Connections {
  /** Channels that a tap joins. */
  readonly tapInputs: number;
  readonly tapOutputs: number;
  /** Channels of an output pixel: the length of a row of the weights. */
  readonly outChannels: number;
  /** Numbers in the input and in the output. */
  readonly inputs: number;
  readonly outputs: number;
  readonly taps: readonly Tap[];
}

interface Tap {
  /** Offsets of the first channel in the input and in the output. */
  readonly input: number;
  readonly output: number;
  /** Offset in the weights: of the row of the first input channel, and in it of the first output channel. */
  readonly weight: number;
}

/** The connections of a layer; positions in the zero padding have no tap. */
export function connectionsOf(layer: WeightedLayer, input: Shape, output: Shape): Connections {
  const sizes = { inputs: product(input), outputs: product(output) };
  if (layer.kind === 'dense') {
    return {
      tapInputs: layer.inputs,
      tapOutputs: layer.outputs,
      outChannels: layer.outputs,
      ...sizes,
      taps: [{ input: 0, output: 0, weight: 0 }],
    };
  }
  const { inChannels, outChannels, groups = 1 } = layer;
  const { kernel, stride, dilation, padding } = windowOf(layer);
  const [tapInputs, tapOutputs] = [inChannels / groups, outChannels / groups];
  const [inHeight, inWidth] = input;
  const [outHeight, outWidth] = output;
  const taps: Tap[] = [];
  for (let y = 0; y < outHeight; y++) {
    for (let x = 0; x < outWidth; x++) {
      for (let ky = 0; ky < kernel[0]; ky++) {
        for (let kx = 0; kx < kernel[1]; kx++) {
          const inY = y * stride[0] - padding[0] + ky * dilation[0];
          const inX = x * stride[1] - padding[2] + kx * dilation[1];
          if (inY < 0 || inY >= inHeight || inX < 0 || inX >= inWidth) continue;
          for (let group = 0; group < groups; group++) {
            taps.push({
              input: (inY * inWidth + inX) * inChannels + group * tapInputs,
              output: (y * outWidth + x) * outChannels + group * tapOutputs,
              weight: (ky * kernel[1] + kx) * tapInputs * outChannels + group * tapOutputs,
            });
          }
        }
      }
    }
  }
  return { tapInputs, tapOutputs, outChannels, ...sizes, taps };
}

/** The input current W·x + b; summed in float64, rounded once to float32. */
export function currentOf(
  connections: Connections,
  weight: Float32Array,
  bias: Float32Array | undefined,
  x: Float32Array,
): Float32Array {
  const { tapInputs, tapOutputs, outChannels, outputs, taps } = connections;
  const sum = new Float64Array(outputs);
  if (bias) for (let o = 0; o < outputs; o++) sum[o] = bias[o % outChannels]!;
  for (const tap of taps) {
    for (let ci = 0; ci < tapInputs; ci++) {
      const value = x[tap.input + ci]!;
      if (value === 0) continue;
      const row = tap.weight + ci * outChannels;
      for (let co = 0; co < tapOutputs; co++) {
        sum[tap.output + co]! += value * weight[row + co]!;
      }
    }
  }
  return Float32Array.from(sum);
}

/** The gradient at the layer's input, Wᵀ·g, from the gradient g at its current. */
export function inputGradient(
  connections: Connections,
  weight: Float32Array,
  gradient: Float32Array,
): Float32Array {
  const { tapInputs, tapOutputs, outChannels, inputs, taps } = connections;
  const sum = new Float64Array(inputs);
  for (const tap of taps) {
    for (let co = 0; co < tapOutputs; co++) {
      const value = gradient[tap.output + co]!;
      if (value === 0) continue;
      for (let ci = 0; ci < tapInputs; ci++) {
        sum[tap.input + ci]! += value * weight[tap.weight + ci * outChannels + co]!;
      }
    }
  }
  return Float32Array.from(sum);
}

/** Adds the weights' gradient x·gᵀ of one time-step to `into`. */
export function addWeightGradient(
  connections: Connections,
  x: Float32Array,
  gradient: Float32Array,
  into: Float64Array,
): void {
  const { tapInputs, tapOutputs, outChannels, taps } = connections;
  for (const tap of taps) {
    for (let ci = 0; ci < tapInputs; ci++) {
      const value = x[tap.input + ci]!;
      if (value === 0) continue;
      const row = tap.weight + ci * outChannels;
      for (let co = 0; co < tapOutputs; co++) {
        into[row + co]! += value * gradient[tap.output + co]!;
      }
    }
  }
}

/** Adds the bias's gradient of one time-step, the sum over pixels, to `into`. */
export function addBiasGradient(gradient: Float32Array, into: Float64Array): void {
  for (let o = 0; o < gradient.length; o++) into[o % into.length]! += gradient[o]!;
}

function product(shape: Shape): number {
  return shape[0] * shape[1] * shape[2];
}
