import fc from 'fast-check';
import { expect, test } from 'vitest';

import { pixelImages, randomImages } from './testing/fixtures.js';
import { spreadImages } from './spread.js';

test.each([
  ['sorted by class', [0, 0, 1, 1, 2, 2]],
  ['in turns', [0, 1, 2, 0, 1, 2]],
  ['in turns of two classes', [0, 1, 0, 1, 2, 2]],
])('a limit keeps all classes of a set %s', (_, labels) => {
  const pixels = Array.from({ length: 6 }, (_, i) => [i, i, i]);
  const spread = spreadImages(pixelImages(pixels, labels), 3);
  expect([...spread.labels]).toEqual([0, 1, 2]);
});

test('takes as many images as asked for, each once', () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 1, max: 60 }),
      fc.integer({ min: 1, max: 80 }),
      (count, limit) => {
        const images = randomImages([count, 1, 1, 3], 'spread');
        const numbered = { ...images, labels: Int32Array.from(images.labels.keys()) };
        const { labels } = spreadImages(numbered, limit);
        expect(labels.length).toBe(Math.min(count, limit));
        expect(new Set(labels).size).toBe(labels.length);
      },
    ),
  );
});

test('an empty set is an error', () => {
  expect(() => spreadImages(pixelImages([], []), null)).toThrow('at least one image');
});
