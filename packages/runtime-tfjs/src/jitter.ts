import type { RandomStream } from '@privatesnn/core';

/** How far images may be moved before each optimisation step. */
export interface JitterOptions {
  /** Largest shift in pixels, in each direction; what leaves at one edge comes back at the other. */
  readonly shift: number;
  /** Whether half of the steps see the images mirrored left to right. */
  readonly flip: boolean;
}

/** One jitter: pixel (y, x) moves to (y + dy, x + dx), after mirroring where `flip` is set. */
export interface Jitter {
  readonly dy: number;
  readonly dx: number;
  readonly flip: boolean;
}

export function drawJitter({ shift, flip }: JitterOptions, random: RandomStream): Jitter {
  const offset = () => (shift > 0 ? random.integer(2 * shift + 1) - shift : 0);
  return { dy: offset(), dx: offset(), flip: flip && random.integer(2) === 1 };
}

/**
 * Rolls and mirrors one image. It only permutes pixels, so a gradient goes back by the inverse permutation.
 *
 * @param pixels [height, width, channels]
 * @param inverse undoes the jitter instead
 * @returns a new array
 */
export function jitterImage(
  pixels: Float32Array,
  [height, width, channels]: readonly [number, number, number],
  { dy, dx, flip }: Jitter,
  inverse = false,
): Float32Array {
  const result = new Float32Array(pixels.length);
  const toColumn = Int32Array.from({ length: width }, (_, x) =>
    wrap((flip ? width - 1 - x : x) + dx, width),
  );
  for (let y = 0; y < height; y++) {
    const toRow = wrap(y + dy, height) * width;
    for (let x = 0; x < width; x++) {
      const from = (y * width + x) * channels;
      const to = (toRow + toColumn[x]!) * channels;
      const source = inverse ? to : from;
      const target = inverse ? from : to;
      for (let c = 0; c < channels; c++) result[target + c] = pixels[source + c]!;
    }
  }
  return result;
}

function wrap(position: number, size: number): number {
  return ((position % size) + size) % size;
}
