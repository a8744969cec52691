import fc from 'fast-check';
import { describe, expect, test } from 'vitest';

import type { Images } from './artefacts.js';
import { evenPlaces, partOfImages } from './image-part.js';

const labels = fc.oneof(
  fc.array(fc.integer({ min: -1, max: 6 }), { minLength: 1, maxLength: 120 }),
  // In turns, as image folders and generators give classes, and class by class.
  fc
    .tuple(fc.integer({ min: 1, max: 12 }), fc.integer({ min: 1, max: 12 }))
    .map(([classes, each]) => Array.from({ length: classes * each }, (_, i) => i % classes)),
  fc
    .tuple(fc.integer({ min: 1, max: 12 }), fc.integer({ min: 1, max: 12 }))
    .map(([classes, each]) =>
      Array.from({ length: classes * each }, (_, i) => Math.floor(i / each)),
    ),
);
const counts = fc.integer({ min: 1, max: 130 });
const inClass = (all: readonly number[], label: number) => all.filter((l) => l === label).length;

describe('evenPlaces', () => {
  test('holds each class in its share, rounded down or up, in any order of the labels', () => {
    fc.assert(
      fc.property(labels, counts, (all, count) => {
        const places = [...evenPlaces(all, count)];
        const taken = Math.min(count, all.length);
        expect(new Set(places).size).toBe(taken);
        expect(places).toEqual([...places].sort((a, b) => a - b));
        const chosen = places.map((place) => all[place]!);
        for (const label of new Set(all)) {
          const share = (taken * inClass(all, label)) / all.length;
          expect(inClass(chosen, label)).toBeGreaterThanOrEqual(Math.floor(share));
          expect(inClass(chosen, label)).toBeLessThanOrEqual(Math.ceil(share));
        }
      }),
    );
  });

  test('how many of each class does not depend on the order', () => {
    fc.assert(
      fc.property(labels, counts, fc.infiniteStream(fc.nat()), (all, count, numbers) => {
        const shuffled = all
          .map((label) => ({ label, key: numbers.next().value as number }))
          .sort((a, b) => a.key - b.key)
          .map(({ label }) => label);
        const tally = (list: readonly number[]) =>
          [...evenPlaces(list, count)].map((place) => list[place]!).sort((a, b) => a - b);
        expect(tally(shuffled)).toEqual(tally(all));
      }),
    );
  });

  test('spreads images without classes evenly', () => {
    fc.assert(
      fc.property(counts, counts, (length, count) => {
        const places = [...evenPlaces(new Int32Array(length), count)];
        const gaps = places.slice(1).map((place, i) => place - places[i]!);
        if (gaps.length > 0) expect(Math.max(...gaps) - Math.min(...gaps)).toBeLessThanOrEqual(1);
      }),
    );
  });
});

test('a part of images carries pixels, labels and soft labels of the same places', () => {
  const images: Images = {
    type: 'images',
    shape: [4, 1, 1, 1],
    pixels: Uint8Array.of(10, 11, 12, 13),
    range: [0, 255],
    labels: Int32Array.of(0, 1, 0, 1),
    softLabels: Float32Array.of(1, 0, 0, 1, 0.9, 0.1, 0.2, 0.8),
    classNames: ['a', 'b'],
    origin: 'synthetic',
  };
  expect(partOfImages(images, 4)).toBe(images);
  expect(partOfImages(images, 2)).toMatchObject({
    shape: [2, 1, 1, 1],
    pixels: Uint8Array.of(10, 11),
    labels: Int32Array.of(0, 1),
    softLabels: Float32Array.of(1, 0, 0, 1),
  });
});
