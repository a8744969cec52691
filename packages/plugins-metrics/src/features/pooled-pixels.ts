import { imageSize, pixelsIn, type Images } from '@privatesnn/core';

import type { FeatureMatrix } from './matrix.js';

/**
 * Pixels as features: means over a grid of at most `size` × `size` blocks, each channel apart, in [0, 1].
 *
 * @returns [images, blocks · blocks · channels]
 */
export function pooledPixels(images: Images, size: number): FeatureMatrix {
  const [count, height, width, channels] = images.shape;
  const pixels = pixelsIn(images, [0, 1]);
  const rows = Math.min(size, height);
  const columns = Math.min(size, width);
  const features = rows * columns * channels;
  const data = new Float64Array(count * features);
  const blockSizes = new Float64Array(rows * columns);
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) blockSizes[blockOf(y, x)]! += 1;
  }
  for (let image = 0; image < count; image++) {
    const from = image * imageSize(images);
    for (let y = 0; y < height; y++) {
      for (let x = 0; x < width; x++) {
        const block = blockOf(y, x);
        for (let c = 0; c < channels; c++) {
          data[image * features + block * channels + c]! +=
            pixels[from + (y * width + x) * channels + c]! / blockSizes[block]!;
        }
      }
    }
  }
  return { rows: count, columns: features, data };

  function blockOf(y: number, x: number): number {
    return Math.floor((y * rows) / height) * columns + Math.floor((x * columns) / width);
  }
}
