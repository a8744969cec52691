import type { Images, PixelRange, RandomStream } from '@privatesnn/core';

/** Random changes to images. */
export interface Augmentation {
  /** Mirror half of the images left to right. */
  readonly flip: boolean;
  /** Move each image by up to this many pixels in both directions; what comes in has the lowest pixel value. */
  readonly shift: number;
}

/**
 * Pixels of the given images in `range`, changed at random.
 *
 * @param indices places of the images
 * @returns [indices.length, height, width, channels], row-major
 */
export function augmentedPixels(
  images: Images,
  indices: ArrayLike<number>,
  range: PixelRange,
  { flip, shift }: Augmentation,
  random: RandomStream,
): Float32Array {
  const [, height, width, channels] = images.shape;
  const size = height * width * channels;
  const scale = (range[1] - range[0]) / (images.range[1] - images.range[0]);
  const batch = new Float32Array(indices.length * size).fill(range[0]);
  for (let n = 0; n < indices.length; n++) {
    const dy = shift > 0 ? random.integer(2 * shift + 1) - shift : 0;
    const dx = shift > 0 ? random.integer(2 * shift + 1) - shift : 0;
    const mirror = flip && random.integer(2) === 1;
    const from = indices[n]! * size;
    for (let y = Math.max(0, -dy); y < Math.min(height, height - dy); y++) {
      for (let x = Math.max(0, -dx); x < Math.min(width, width - dx); x++) {
        const source = from + (y * width + x) * channels;
        const column = mirror ? width - 1 - (x + dx) : x + dx;
        const target = n * size + ((y + dy) * width + column) * channels;
        for (let c = 0; c < channels; c++) {
          batch[target + c] = (images.pixels[source + c]! - images.range[0]) * scale + range[0];
        }
      }
    }
  }
  return batch;
}
