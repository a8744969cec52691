import type { Encoder } from '@privatesnn/core';

import { firstSpikeStep, poissonSpikes } from './noise.js';

/** Which image is encoded, with which noise, for how long. */
export interface Encoding {
  /** Seed of the noise, an integer in [0, 2³²). */
  readonly seed: number;
  /** The image's number, from 0. */
  readonly image: number;
  /** T ≥ 1. */
  readonly timeSteps: number;
}

/**
 * The first layer's input at each time-step: signed Poisson spikes (unsigned ones for pixels in [0, 1]), the
 * pixels themselves as a constant current, or one spike a pixel, the earlier the larger |x|.
 *
 * @param pixels one image in the encoder's range, row-major [height, width, channels]
 * @returns T arrays like `pixels`
 */
export function encode(
  kind: Encoder['kind'],
  pixels: Float32Array,
  { seed, image, timeSteps }: Encoding,
): Float32Array[] {
  return Array.from({ length: timeSteps }, (_, step) => {
    switch (kind) {
      case 'poisson':
        return Float32Array.from(poissonSpikes(pixels, seed, image, step));
      case 'constant':
        return pixels;
      case 'first-spike':
        return pixels.map((x) => (firstSpikeStep(x, timeSteps) === step ? Math.sign(x) : 0));
    }
  });
}
