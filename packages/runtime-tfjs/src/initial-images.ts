import type { PixelRange, RandomStream } from '@privatesnn/core';

import { deadLeaves } from './dead-leaves.js';

/**
 * `input-range`: uniform over the network's input range; `unit`: uniform in [0, 1], as printed in the paper;
 * `smooth`: uniform noise over the input range on a grid of a quarter of the size, interpolated bilinearly;
 * `dead-leaves`: random shapes that cover each other, see {@link deadLeaves}.
 */
export type Initialisation = 'input-range' | 'unit' | 'smooth' | 'dead-leaves';

/**
 * Random images to start an optimisation from.
 *
 * @param shape [count, height, width, channels]
 * @returns pixels, row-major
 */
export function initialImages(
  kind: Initialisation,
  shape: readonly [number, number, number, number],
  range: PixelRange,
  random: RandomStream,
): Float32Array {
  if (kind === 'dead-leaves') return deadLeaves(shape, range, random);
  const [low, high] = kind === 'unit' ? [0, 1] : range;
  const uniform = (count: number) =>
    Float32Array.from({ length: count }, () => low + (high - low) * random.uniform());
  const [count, height, width, channels] = shape;
  if (kind !== 'smooth') return uniform(count * height * width * channels);
  const [rows, columns] = [Math.ceil(height / 4) + 1, Math.ceil(width / 4) + 1];
  const pixels = new Float32Array(count * height * width * channels);
  for (let image = 0, at = 0; image < count; image++) {
    const grid = uniform(rows * columns * channels);
    for (let y = 0; y < height; y++) {
      for (let x = 0; x < width; x++) {
        const corner = ((y >> 2) * columns + (x >> 2)) * channels;
        const [dy, dx] = [(y & 3) / 4, (x & 3) / 4];
        for (let c = 0; c < channels; c++, at++) {
          const node = (row: number, column: number) =>
            grid[corner + (row * columns + column) * channels + c]!;
          const top = node(0, 0) * (1 - dx) + node(0, 1) * dx;
          const bottom = node(1, 0) * (1 - dx) + node(1, 1) * dx;
          pixels[at] = top * (1 - dy) + bottom * dy;
        }
      }
    }
  }
  return pixels;
}
