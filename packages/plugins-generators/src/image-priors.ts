import type { Tensor1D, Tensor4D } from '@tensorflow/tfjs-core';

import { gaussianBlur, type Tf } from '@privatesnn/runtime-tfjs';

/** Mean squared difference between each image and its blurred self (Haroush 2020), [images]. */
export function smoothnessPrior(tf: Tf, x: Tensor4D, sigma: number): Tensor1D {
  return meanSquare(tf, tf.sub(x, gaussianBlur(tf, x, { sigma })));
}

/** Mean squared difference between neighbours, down and to the right, [images]. */
export function totalVariationPrior(tf: Tf, x: Tensor4D): Tensor1D {
  const [images, height, width, channels] = x.shape;
  const part = (y: number, left: number) =>
    tf.slice(x, [0, y, left, 0], [images, height - y, width - left, channels]);
  const without = (dy: number, dx: number) =>
    tf.slice(x, [0, 0, 0, 0], [images, height - dy, width - dx, channels]);
  const terms: Tensor1D[] = [];
  if (height > 1) terms.push(meanSquare(tf, tf.sub(part(1, 0), without(1, 0))));
  if (width > 1) terms.push(meanSquare(tf, tf.sub(part(0, 1), without(0, 1))));
  return terms.length > 0 ? tf.addN(terms) : tf.zeros([images]);
}

function meanSquare(tf: Tf, x: Tensor4D): Tensor1D {
  return tf.mean(tf.square(x), [1, 2, 3]);
}
