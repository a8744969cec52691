import type { Tensor4D } from '@tensorflow/tfjs-core';

import {
  squareWindow,
  windowOf,
  type AveragePoolLayer,
  type ConvLayer,
  type MaxPoolLayer,
  type ShortcutLayer,
  type Window,
} from '@privatesnn/core';

import type { Tf } from './runtime.js';

/*
 * Layers whose windows lie anyhow, by the operations of tfjs of which there are gradients: those of TensorFlow know
 * the paddings 'same' and 'valid' only, and no dilation.
 */

/** Below every number of a network: never the largest of a window. */
const lowest = -3.4e38;

/** @param weight [kernel height, kernel width, inChannels / groups, outChannels] */
export function convolve(tf: Tf, x: Tensor4D, weight: Tensor4D, layer: ConvLayer): Tensor4D {
  const { groups = 1, inChannels, outChannels } = layer;
  const window = windowOf(layer);
  const square = squareWindow(layer);
  if (groups === 1 && square?.stride === 1 && 2 * square.padding === square.kernel - 1) {
    return tf.conv2d(x, weight, 1, 'same');
  }
  const padded = pad(tf, x, window, 0);
  const stride: [number, number] = [...window.stride];
  const filter = spread(tf, weight, window);
  if (groups === 1) return tf.conv2d(padded, filter, stride, 'valid');
  const [height, width] = filter.shape;
  if (groups === inChannels && stride[0] === stride[1]) {
    const multiplier = outChannels / inChannels;
    const depthwise: Tensor4D = tf.reshape(filter, [height, width, inChannels, multiplier]);
    return tf.depthwiseConv2d(padded, depthwise, stride, 'valid');
  }
  const inputs: Tensor4D[] = tf.split(padded, groups, 3);
  const filters: Tensor4D[] = tf.split(filter, groups, 3);
  const outputs = inputs.map((part, i) => tf.conv2d(part, filters[i]!, stride, 'valid'));
  return tf.concat(outputs, 3);
}

/** The kernel with the zeros between its taps that its dilation asks for. */
function spread(tf: Tf, weight: Tensor4D, { kernel, dilation }: Window): Tensor4D {
  if (dilation[0] === 1 && dilation[1] === 1) return weight;
  const [height, width] = kernel;
  const [, , inputs, outputs] = weight.shape;
  const wide = [(height - 1) * dilation[0] + 1, (width - 1) * dilation[1] + 1] as const;
  const places = new Float32Array(wide[0] * wide[1] * height * width);
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      const to = y * dilation[0] * wide[1] + x * dilation[1];
      places[to * height * width + y * width + x] = 1;
    }
  }
  const matrix = tf.tensor2d(places, [wide[0] * wide[1], height * width]);
  const taps = tf.matMul(matrix, tf.reshape(weight, [height * width, inputs * outputs]));
  return tf.reshape(taps, [wide[0], wide[1], inputs, outputs]);
}

/** Each window's mean, over all of its pixels or over those of the image. */
export function averagePool(tf: Tf, x: Tensor4D, layer: AveragePoolLayer): Tensor4D {
  const window = windowOf(layer);
  const means = (of: Tensor4D): Tensor4D =>
    tf.avgPool(pad(tf, of, window, 0), [...window.kernel], [...window.stride], 'valid');
  if (layer.countPadded !== false || window.padding.every((pixels) => pixels === 0)) {
    return means(x);
  }
  const [, height, width] = x.shape;
  const ones = tf.tensor4d(new Float32Array(height * width).fill(1), [1, height, width, 1]);
  return tf.div(means(x), means(ones));
}

export function maxPool(tf: Tf, x: Tensor4D, layer: MaxPoolLayer): Tensor4D {
  const window = windowOf(layer);
  const padded = pad(tf, x, window, lowest);
  return tf.maxPool(padded, [...window.kernel], [...window.stride], 'valid');
}

/** Every `stride`-th pixel, and channels of zeros. */
export function shortcut(tf: Tf, x: Tensor4D, { stride, before, after }: ShortcutLayer): Tensor4D {
  // A mean of one number: tfjs has no gradient of a slice with strides.
  const taken = stride === 1 ? x : tf.avgPool(x, 1, stride, 'valid');
  return before + after === 0
    ? taken
    : tf.pad4d(taken, [
        [0, 0],
        [0, 0],
        [0, 0],
        [before, after],
      ]);
}

function pad(tf: Tf, x: Tensor4D, { padding }: Window, value: number): Tensor4D {
  const [top, bottom, left, right] = padding;
  if (top + bottom + left + right === 0) return x;
  return tf.pad4d(
    x,
    [
      [0, 0],
      [top, bottom],
      [left, right],
      [0, 0],
    ],
    value,
  );
}
