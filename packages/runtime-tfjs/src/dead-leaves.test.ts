import { randomStream } from '@privatesnn/core';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { deadLeaves } from './dead-leaves.js';

const images = (seed: number, shape: [number, number, number, number] = [24, 32, 32, 3]) =>
  deadLeaves(shape, [-1, 1], randomStream(seed, 'leaves'));

const mean = (values: readonly number[]) => values.reduce((a, b) => a + b, 0) / values.length;

/** Differences of pixels that lie `distance` apart in a row, of 32 × 32 × 3 images. */
function differences(pixels: Float32Array, distance: number): number[] {
  return Array.from(pixels, (v, i) =>
    Math.floor(i / 3) % 32 >= distance ? v - pixels[i - 3 * distance]! : NaN,
  ).filter((d) => !Number.isNaN(d));
}

describe('dead leaves', () => {
  it('fill any shape and any range, the same for the same stream', () => {
    const side = fc.integer({ min: 1, max: 20 });
    const shape = fc.tuple(
      fc.integer({ min: 0, max: 2 }),
      side,
      side,
      fc.integer({ min: 1, max: 4 }),
    );
    const bounds = fc.tuple(
      fc.double({ min: -300, max: 0, noNaN: true }),
      fc.double({ min: 1, max: 300, noNaN: true }),
    );
    fc.assert(
      fc.property(shape, bounds, fc.nat(), (size, [low, high], seed) => {
        const draw = () => deadLeaves(size, [low, high], randomStream(seed, 'leaves'));
        const pixels = draw();
        expect(pixels.length).toBe(size.reduce((a, b) => a * b));
        const slack = 1e-5 * (high - low);
        expect(pixels.every((v) => v >= low - slack && v <= high + slack)).toBe(true);
        expect(draw()).toEqual(pixels);
      }),
      { numRuns: 40 },
    );
  });

  it('have the contrast of photographs: 0.4 to 0.6 of the half range over many images', () => {
    const pixels = Array.from(images(1));
    const middle = mean(pixels);
    const deviation = Math.sqrt(mean(pixels.map((v) => (v - middle) ** 2)));
    expect(deviation).toBeGreaterThan(0.4);
    expect(deviation).toBeLessThan(0.6);
  });

  it('have flat regions and edges: the differences of neighbours have heavy tails', () => {
    const steps = differences(images(2), 1);
    const square = mean(steps.map((d) => d ** 2));
    // 3 for Gaussian noise; photographs of this size have 5 to 20.
    expect(mean(steps.map((d) => d ** 4)) / square ** 2).toBeGreaterThan(5);
  });

  it('differ the more the farther apart the pixels are, over all scales', () => {
    const pixels = images(3);
    const spread = [1, 2, 4, 8, 16].map((d) => mean(differences(pixels, d).map((v) => v ** 2)));
    spread.slice(1).forEach((value, i) => expect(value).toBeGreaterThan(1.1 * spread[i]!));
  });
});
