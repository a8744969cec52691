import {
  windowOf,
  type ConvLayer,
  type DenseLayer,
  type LayerShape,
  type Parameter,
  type PoolLayer,
  type Window,
} from '@privatesnn/core';

import { channelsFirst } from '../channels-first.js';
import { cannotSay } from './cannot-say.js';
import { integerArray, type NirArray, type NirField, type NirNode } from './nodes.js';

type Shape = Readonly<LayerShape>;

/** A convolution of single pixels without bias; weight [outputs, inputs, 1, 1]. */
export function pointwise(
  [height, width]: readonly [number, number],
  weight: NirArray,
  stride: number,
): NirNode {
  const outputs = weight.shape[0]!;
  return {
    type: 'Conv2d',
    input_shape: integerArray([height, width]),
    weight,
    bias: { shape: [outputs], data: new Float32Array(outputs) },
    ...{ stride: integerArray([stride, stride]), padding: integerArray([0, 0]) },
    ...{ dilation: integerArray([1, 1]), groups: 1 },
  };
}

export function convolution(
  layer: ConvLayer,
  text: string,
  [height, width]: Shape,
  weight: Parameter,
  bias: Float32Array,
): NirNode {
  const { stride, dilation } = windowOf(layer);
  return {
    type: 'Conv2d',
    input_shape: integerArray([height, width]),
    weight: channelsFirst(weight),
    bias: { shape: [bias.length], data: bias },
    stride: integerArray(stride),
    padding: evenPadding(windowOf(layer), text),
    dilation: integerArray(dilation),
    groups: layer.groups ?? 1,
  };
}

export function pooling(layer: PoolLayer, text: string, type: string): NirNode {
  const { kernel, stride, padding } = windowOf(layer);
  if (padding.some((pixels) => pixels > 0))
    throw cannotSay(`the padding of ${text}`, 'Pool without padding.');
  return {
    type,
    ...{ kernel_size: integerArray(kernel), stride: integerArray(stride) },
    padding: integerArray([0, 0]),
  };
}

/** [rows above and below, columns left and right] */
function evenPadding({ padding: [top, bottom, left, right] }: Window, text: string): NirArray {
  if (top !== bottom || left !== right) {
    throw cannotSay(`the uneven padding of ${text}`, 'Pad both sides alike.');
  }
  return integerArray([top, left]);
}

/** @param flattened the shape of the pixels that come in flat, if any */
export function affine(
  { inputs, outputs }: DenseLayer,
  { data }: Parameter,
  bias: Float32Array,
  flattened: Shape | undefined,
): NirNode {
  const [height, width, channels] = flattened ?? [1, 1, inputs];
  const turned = new Float32Array(data.length);
  for (let pixel = 0; pixel < height * width; pixel++) {
    for (let c = 0; c < channels; c++) {
      const [from, to] = [pixel * channels + c, c * height * width + pixel];
      for (let o = 0; o < outputs; o++) turned[o * inputs + to] = data[from * outputs + o]!;
    }
  }
  return {
    type: 'Affine',
    weight: { shape: [outputs, inputs], data: turned },
    bias: { shape: [outputs], data: bias },
  };
}

/** Counted from the end, the dimensions are the same with and without one for images. */
export const flatten = (shape: Shape): NirNode => ({
  type: 'Flatten',
  ...{ input_type: shapeArray(shape), start_dim: -3, end_dim: -1 },
});

export const shapeArray = ([height, width, channels]: Shape): NirField =>
  integerArray([channels, height, width]);

export function scaled({ shape, data }: Parameter, factor: number): Parameter {
  return factor === 1 ? { shape, data } : { shape, data: data.map((value) => value * factor) };
}
