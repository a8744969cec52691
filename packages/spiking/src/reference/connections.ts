import { squareWindow, type WeightedLayer } from '@privatesnn/core';

type Shape = readonly [height: number, width: number, channels: number];

/**
 * How a weighted layer connects its input to its output: every tap joins one input pixel to one output pixel by
 * the [inChannels, outChannels] block of the weights that starts at `weight`. A dense layer is one tap between
 * two pixels of many channels.
 */
export interface Connections {
  readonly inChannels: number;
  readonly outChannels: number;
  /** Numbers in the input and in the output. */
  readonly inputs: number;
  readonly outputs: number;
  readonly taps: readonly Tap[];
}

interface Tap {
  /** Offsets of the first channel of the input pixel and of the output pixel. */
  readonly input: number;
  readonly output: number;
  /** Offset of the weights. */
  readonly weight: number;
}

/** The connections of a layer; positions in the zero padding have no tap. */
export function connectionsOf(layer: WeightedLayer, input: Shape, output: Shape): Connections {
  const sizes = { inputs: product(input), outputs: product(output) };
  if (layer.kind === 'dense') {
    return {
      inChannels: layer.inputs,
      outChannels: layer.outputs,
      ...sizes,
      taps: [{ input: 0, output: 0, weight: 0 }],
    };
  }
  const { inChannels, outChannels } = layer;
  const { kernel, stride, padding } = squareWindow(layer)!;
  const [inHeight, inWidth] = input;
  const [outHeight, outWidth] = output;
  const taps: Tap[] = [];
  for (let y = 0; y < outHeight; y++) {
    for (let x = 0; x < outWidth; x++) {
      for (let ky = 0; ky < kernel; ky++) {
        for (let kx = 0; kx < kernel; kx++) {
          const inY = y * stride - padding + ky;
          const inX = x * stride - padding + kx;
          if (inY < 0 || inY >= inHeight || inX < 0 || inX >= inWidth) continue;
          taps.push({
            input: (inY * inWidth + inX) * inChannels,
            output: (y * outWidth + x) * outChannels,
            weight: (ky * kernel + kx) * inChannels * outChannels,
          });
        }
      }
    }
  }
  return { inChannels, outChannels, ...sizes, taps };
}

/** The input current W·x + b; summed in float64, rounded once to float32. */
export function currentOf(
  connections: Connections,
  weight: Float32Array,
  bias: Float32Array | undefined,
  x: Float32Array,
): Float32Array {
  const { inChannels, outChannels, outputs, taps } = connections;
  const sum = new Float64Array(outputs);
  if (bias) for (let o = 0; o < outputs; o++) sum[o] = bias[o % outChannels]!;
  for (const tap of taps) {
    for (let ci = 0; ci < inChannels; ci++) {
      const value = x[tap.input + ci]!;
      if (value === 0) continue;
      const row = tap.weight + ci * outChannels;
      for (let co = 0; co < outChannels; co++) {
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
  const { inChannels, outChannels, inputs, taps } = connections;
  const sum = new Float64Array(inputs);
  for (const tap of taps) {
    for (let co = 0; co < outChannels; co++) {
      const value = gradient[tap.output + co]!;
      if (value === 0) continue;
      for (let ci = 0; ci < inChannels; ci++) {
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
  const { inChannels, outChannels, taps } = connections;
  for (const tap of taps) {
    for (let ci = 0; ci < inChannels; ci++) {
      const value = x[tap.input + ci]!;
      if (value === 0) continue;
      const row = tap.weight + ci * outChannels;
      for (let co = 0; co < outChannels; co++) {
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
