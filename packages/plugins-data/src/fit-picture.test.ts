import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import type { Picture } from './decode-image.js';
import { fitPicture, type Fit } from './fit-picture.js';

const side = fc.integer({ min: 1, max: 24 });
const mode = fc.constantFrom('crop', 'pad', 'stretch' as const) as fc.Arbitrary<Fit['mode']>;
const background = [10, 200, 30] as const;

function noise(height: number, width: number, channels: 1 | 3, seed: number): Picture {
  const pixels = Uint8Array.from(
    { length: height * width * channels },
    (_, i) => (seed * 7919 + i * 104_729 + ((i * i) % 251) * 31) % 256,
  );
  return { height, width, pixels, transparent: false };
}
const pixel = ({ width, pixels }: Picture, channels: number, y: number, x: number) =>
  [...pixels.subarray((y * width + x) * channels, (y * width + x + 1) * channels)].join();

describe('a picture that is brought to a size', () => {
  it('has it, keeps its channels, and one colour stays that colour', async () => {
    const numbers = fc.tuple(side, side, side, side);
    await fc.assert(
      fc.asyncProperty(
        numbers,
        mode,
        fc.constantFrom(1, 3),
        fc.nat(255),
        async (sizes, how, channels, value) => {
          const [height, width, toHeight, toWidth] = sizes;
          const pixels = new Uint8Array(height * width * channels).fill(value);
          const fit = {
            height: toHeight,
            width: toWidth,
            mode: how,
            background: [value, value, value],
          } as const;
          const result = await fitPicture({ height, width, pixels, transparent: true }, fit);
          expect(result).toEqual({
            height: toHeight,
            width: toWidth,
            pixels: new Uint8Array(toHeight * toWidth * channels).fill(value),
            transparent: true,
          });
        },
      ),
      { numRuns: 60 },
    );
  });

  it('that has it stays as it is', async () => {
    const picture = noise(5, 7, 3, 1);
    const fit = { height: 5, width: 7, mode: 'pad', background } as const;
    expect(await fitPicture(picture, fit)).toBe(picture);
  });

  it('cropped in one direction is its middle, pixel by pixel', async () => {
    await fc.assert(
      fc.asyncProperty(
        side,
        side,
        fc.nat(100),
        fc.constantFrom(1, 3 as const),
        async (a, more, seed, channels) => {
          const whole = noise(a, a + more, channels as 1 | 3, seed);
          const cut = await fitPicture(whole, { height: a, width: a, mode: 'crop', background });
          const left = [Math.floor(more / 2), Math.ceil(more / 2)];
          const is = (from: number) =>
            Array.from({ length: a * a }, (_, i) => [Math.floor(i / a), i % a] as const).every(
              ([y, x]) => pixel(cut, channels, y, x) === pixel(whole, channels, y, x + from),
            );
          expect(left.some(is)).toBe(true);
        },
      ),
      { numRuns: 40 },
    );
  });

  it('padded in one direction lies in the middle of the background, pixel by pixel', async () => {
    await fc.assert(
      fc.asyncProperty(side, side, fc.nat(100), async (a, more, seed) => {
        const whole = noise(a, a + more, 3, seed);
        const size = a + more;
        const padded = await fitPicture(whole, {
          height: size,
          width: size,
          mode: 'pad',
          background,
        });
        const tops = [Math.floor(more / 2), Math.ceil(more / 2)];
        const is = (top: number) =>
          Array.from(
            { length: size * size },
            (_, i) => [Math.floor(i / size), i % size] as const,
          ).every(([y, x]) => {
            const inside = y >= top && y < top + a;
            const wanted = inside ? pixel(whole, 3, y - top, x) : background.join();
            return pixel(padded, 3, y, x) === wanted;
          });
        expect(tops.some(is)).toBe(true);
      }),
      { numRuns: 40 },
    );
  });

  it('stretched keeps its mean, within rounding', async () => {
    const ramp = Uint8Array.from({ length: 40 * 20 }, (_, i) => Math.floor(i / 20) * 6);
    const fit = { height: 10, width: 10, mode: 'stretch', background } as const;
    const { pixels } = await fitPicture(
      { height: 40, width: 20, pixels: ramp, transparent: false },
      fit,
    );
    const mean = (values: Uint8Array) => values.reduce((sum, v) => sum + v, 0) / values.length;
    expect(Math.abs(mean(pixels) - mean(ramp))).toBeLessThan(1);
    // Rows stay rows, in order.
    for (let y = 0; y < 10; y++) {
      expect(new Set(pixels.subarray(y * 10, y * 10 + 10)).size).toBe(1);
      if (y > 0) expect(pixels[y * 10]).toBeGreaterThan(pixels[y * 10 - 10]!);
    }
  });
});
