import { randomStream } from '@privatesnn/core';
import fc from 'fast-check';
import { expect, it } from 'vitest';

import { initialImages } from './initial-images.js';

it('fills the shape within the range', () => {
  fc.assert(
    fc.property(
      fc.constantFrom(...(['unit', 'input-range', 'smooth', 'dead-leaves'] as const)),
      fc.tuple(
        fc.integer({ min: 1, max: 3 }),
        fc.integer({ min: 1, max: 9 }),
        fc.integer({ min: 1, max: 9 }),
        fc.integer({ min: 1, max: 3 }),
      ),
      fc.nat(),
      (kind, shape, seed) => {
        const pixels = initialImages(kind, shape, [-1, 1], randomStream(seed, 'start'));
        expect(pixels.length).toBe(shape.reduce((a, b) => a * b));
        const low = kind === 'unit' ? 0 : -1;
        expect(pixels.every((value) => value >= low && value <= 1)).toBe(true);
      },
    ),
  );
});

it('is smooth where asked: neighbours differ far less than in plain noise', () => {
  const shape = [4, 16, 16, 1] as const;
  const roughness = (kind: 'smooth' | 'input-range') => {
    const pixels = initialImages(kind, shape, [0, 1], randomStream(0, 'start'));
    return pixels.reduce((sum, v, i) => sum + (i % 16 ? (v - pixels[i - 1]!) ** 2 : 0), 0);
  };
  expect(roughness('smooth')).toBeLessThan(roughness('input-range') / 8);
});
