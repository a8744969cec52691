import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';

import type { Images } from '@privatesnn/core';
import { testStream } from '@privatesnn/testkit';

import { calibrationImages, calibrationOptions } from './calibration-images.js';

const options = z.strictObject(calibrationOptions);

/** Images whose pixels are all different and above 0, so that each tells where it came from. */
const anyImages = fc
  .record({
    count: fc.integer({ min: 1, max: 8 }),
    height: fc.integer({ min: 1, max: 5 }),
    width: fc.integer({ min: 1, max: 5 }),
    channels: fc.integer({ min: 1, max: 3 }),
  })
  .map(({ count, height, width, channels }): Images => ({
    type: 'images',
    shape: [count, height, width, channels],
    pixels: Float32Array.from({ length: count * height * width * channels }, (_, i) => i + 1),
    range: [0, 1000],
    labels: Int32Array.from({ length: count }, (_, i) => i),
    classNames: Array.from({ length: count }, (_, i) => `${i}`),
    origin: 'synthetic',
  }));

/** Every picture that a crop from a border of `padding` darkest pixels, mirrored or not, can give. */
function allCrops(
  image: Float32Array,
  [, height, width, channels]: Images['shape'],
  padding: number,
  flip: boolean,
) {
  const crops = new Set<string>();
  for (let top = 0; top <= 2 * padding; top++) {
    for (let left = 0; left <= 2 * padding; left++) {
      const rows = Array.from({ length: height }, (_, y) =>
        Array.from({ length: width }, (__, x) => {
          const [row, column] = [y + top - padding, x + left - padding];
          const inside = row >= 0 && row < height && column >= 0 && column < width;
          return Array.from({ length: channels }, (___, c) =>
            inside ? image[(row * width + column) * channels + c]! : 0,
          );
        }),
      );
      crops.add(rows.flat(2).join());
      if (flip)
        crops.add(
          rows
            .map((row) => row.toReversed())
            .flat(2)
            .join(),
        );
    }
  }
  return crops;
}

describe('calibrationImages', () => {
  it('gives crops and mirror images of images that are drawn once each', () => {
    fc.assert(
      fc.property(
        anyImages,
        fc.integer({ min: 1, max: 10 }),
        fc.integer({ min: 0, max: 3 }),
        fc.boolean(),
        fc.constantFrom('spread', 'random'),
        fc.nat(),
        (images, samples, cropPadding, flip, draw, seed) => {
          const chosen = options.parse({ samples, draw, cropPadding, flip });
          const result = calibrationImages(images, chosen, testStream('x', seed));
          const count = Math.min(samples, images.shape[0]);
          expect(result.shape).toEqual([count, ...images.shape.slice(1)]);
          expect(new Set(result.labels).size).toBe(count);
          const size = images.pixels.length / images.shape[0];
          result.labels.forEach((from, i) => {
            const source = (images.pixels as Float32Array).subarray(from * size, (from + 1) * size);
            const crops = allCrops(source, images.shape, cropPadding, flip);
            expect(crops).toContain(result.pixels.slice(i * size, (i + 1) * size).join());
          });
        },
      ),
    );
  });

  it('draws every image, every crop and both sides sooner or later', () => {
    const images: Images = {
      type: 'images',
      shape: [3, 2, 2, 1],
      pixels: Float32Array.from({ length: 12 }, (_, i) => i + 1),
      range: [0, 255],
      labels: Int32Array.of(0, 1, 2),
      classNames: ['a', 'b', 'c'],
      origin: 'synthetic',
    };
    const chosen = options.parse({ samples: 1, draw: 'random', cropPadding: 1, flip: true });
    const random = testStream('x');
    const seen = new Set<string>();
    for (let i = 0; i < 3000; i++)
      seen.add(calibrationImages(images, chosen, random).pixels.join());
    const possible = [0, 1, 2].flatMap((i) => [
      ...allCrops(
        (images.pixels as Float32Array).subarray(4 * i, 4 * i + 4),
        images.shape,
        1,
        true,
      ),
    ]);
    expect(seen).toEqual(new Set(possible));
  });

  it('is the images themselves where nothing is asked for', () => {
    fc.assert(
      fc.property(anyImages, (images) => {
        const result = calibrationImages(images, options.parse({}), testStream('x'));
        expect(result).toEqual(images);
      }),
    );
  });
});
