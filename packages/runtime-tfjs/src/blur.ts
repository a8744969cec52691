import type { Tensor3D, Tensor4D } from '@tensorflow/tfjs-core';

import type { Tf } from './runtime.js';

export interface GaussianBlurOptions {
  /** Standard deviation in pixels; 0 leaves the images as they are. */
  readonly sigma: number;
  /** Pixels of the kernel in each direction, odd; by default out to three standard deviations. */
  readonly size?: number;
}

/**
 * Blurs images by a Gaussian, channel by channel. Images are continued beyond their edges by reflection (the
 * edge pixel is repeated), so that a constant image stays as it is and every image keeps its mean.
 *
 * @param x [images, height, width, channels]
 * @returns a new tensor of the same shape
 */
export function gaussianBlur(
  tf: Tf,
  x: Tensor4D,
  { sigma, size = 2 * Math.ceil(3 * sigma) + 1 }: GaussianBlurOptions,
): Tensor4D {
  if (!(sigma >= 0) || !Number.isInteger(size) || size % 2 !== 1) {
    throw new RangeError(
      `gaussianBlur expects sigma ≥ 0 and an odd size; it got sigma ${sigma} and size ${size}.`,
    );
  }
  if (sigma === 0) return tf.clone(x);
  const half = (size - 1) / 2;
  const kernel = Array.from({ length: size }, (_, i) => Math.exp(-(((i - half) / sigma) ** 2) / 2));
  return separableBlur(tf, x, kernel);
}

/** Blurs images by the 3 × 3 binomial kernel, [1 2 1] / 4 in each direction; edges as in {@link gaussianBlur}. */
export function binomialBlur(tf: Tf, x: Tensor4D): Tensor4D {
  return separableBlur(tf, x, [1, 2, 1]);
}

/**
 * One matrix product along each axis. A symmetric kernel with reflected edges is a symmetric matrix whose rows
 * sum to 1, so its columns do too: the mean is kept exactly.
 */
function separableBlur(tf: Tf, x: Tensor4D, kernel: readonly number[]): Tensor4D {
  const [images, height, width, channels] = x.shape;
  return tf.tidy(() => {
    const rows = tf.matMul(
      blurMatrix(tf, height, kernel),
      tf.reshape(x, [images, height, width * channels]) as Tensor3D,
    );
    const both = tf.matMul(
      blurMatrix(tf, width, kernel),
      tf.reshape(rows, [images * height, width, channels]) as Tensor3D,
    );
    return tf.reshape(both, [images, height, width, channels]) as Tensor4D;
  });
}

/** [1, n, n]: row i holds the weights of the pixels that make up blurred pixel i. */
function blurMatrix(tf: Tf, n: number, kernel: readonly number[]): Tensor3D {
  const sum = kernel.reduce((total, weight) => total + weight, 0);
  const half = (kernel.length - 1) / 2;
  const matrix = new Float32Array(n * n);
  for (let i = 0; i < n; i++) {
    kernel.forEach((weight, k) => {
      const phase = (((i + k - half) % (2 * n)) + 2 * n) % (2 * n);
      const j = phase < n ? phase : 2 * n - 1 - phase;
      matrix[i * n + j]! += weight / sum;
    });
  }
  return tf.tensor3d(matrix, [1, n, n]);
}
