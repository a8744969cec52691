import type { RandomStream } from '@privatesnn/core';

/**
 * Fills dropout masks: each entry is 0 with probability `rate`, else 1 / (1 − rate). A mask has as many entries as
 * a batch has activations, so the bits come from a small generator (sfc32), seeded from a stream, two entries a
 * number: the rate is met to 1/65,536.
 */
export function dropoutMasks(random: RandomStream): (size: number, rate: number) => Float32Array {
  let a = random.uint32() | 0;
  let b = random.uint32() | 0;
  let c = random.uint32() | 0;
  let counter = 1;
  return (size, rate) => {
    const threshold = Math.round(rate * 65536);
    const kept = 1 / (1 - rate);
    const mask = new Float32Array(size);
    for (let i = 0; i < size; i += 2) {
      const bits = (((a + b) | 0) + counter) | 0;
      counter = (counter + 1) | 0;
      a = b ^ (b >>> 9);
      b = (c + (c << 3)) | 0;
      c = ((c << 21) | (c >>> 11)) + bits;
      c |= 0;
      if ((bits & 0xffff) >= threshold) mask[i] = kept;
      if (bits >>> 16 >= threshold && i + 1 < size) mask[i + 1] = kept;
    }
    return mask;
  };
}
