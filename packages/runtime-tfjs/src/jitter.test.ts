import { randomStream } from '@privatesnn/core';
import fc from 'fast-check';
import { expect, it } from 'vitest';

import { drawJitter, jitterImage } from './jitter.js';

const shapes = fc.tuple(
  fc.integer({ min: 1, max: 6 }),
  fc.integer({ min: 1, max: 6 }),
  fc.integer({ min: 1, max: 3 }),
);

it('is undone by its inverse', () => {
  fc.assert(
    fc.property(
      shapes,
      fc.integer({ min: -9, max: 9 }),
      fc.integer({ min: -9, max: 9 }),
      fc.boolean(),
      (shape, dy, dx, flip) => {
        const pixels = Float32Array.from({ length: shape[0] * shape[1] * shape[2] }, (_, i) => i);
        const moved = jitterImage(pixels, shape, { dy, dx, flip });
        expect(jitterImage(moved, shape, { dy, dx, flip }, true)).toEqual(pixels);
      },
    ),
  );
});

it('moves down, to the right, and mirrors left to right', () => {
  const image = Float32Array.of(1, 2, 3, 4, 5, 6);
  const move = (dy: number, dx: number, flip: boolean) => [
    ...jitterImage(image, [2, 3, 1], { dy, dx, flip }),
  ];
  expect(move(1, 0, false)).toEqual([4, 5, 6, 1, 2, 3]);
  expect(move(0, 1, false)).toEqual([3, 1, 2, 6, 4, 5]);
  expect(move(0, 0, true)).toEqual([3, 2, 1, 6, 5, 4]);
});

it('draws every shift up to the largest, and flips only where asked', () => {
  const random = randomStream(0, 'jitter');
  const drawn = Array.from({ length: 300 }, () => drawJitter({ shift: 2, flip: false }, random));
  expect([...new Set(drawn.map(({ dx }) => dx))].sort((a, b) => a - b)).toEqual([-2, -1, 0, 1, 2]);
  expect(drawn.some(({ flip }) => flip)).toBe(false);
});
