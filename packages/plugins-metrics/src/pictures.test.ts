import { fakeContext } from '@privatesnn/testkit';
import fc from 'fast-check';
import { expect, test } from 'vitest';

import { pixelImages, randomImages, stageOf } from './testing/fixtures.js';
import { classImages } from './class-images.js';
import { classPictures } from './pictures.js';

test('the first images of each class, in the order of the class names', async () => {
  const images = pixelImages(
    [
      [0, 0, 0.2],
      [0, 1, 0],
      [1, 0.2, 0],
      [0, 0, 0.6],
    ],
    [2, 1, 0, 2],
  );
  const { pictures } = await stageOf(classImages, {}, { title: 'real' }).run(fakeContext(), {
    images,
  });
  expect(pictures.title).toBe('real');
  expect(pictures.shape).toEqual([1, 1, 3]);
  expect(pictures.items.map(({ label, pixels }) => [label, ...pixels])).toEqual([
    ['a', 255, 51, 0],
    ['b', 0, 255, 0],
    ['c', 0, 0, 51],
  ]);
  expect(classPictures(images, '', 2, 'range').items).toHaveLength(4);
});

test('a class without images has no picture', () => {
  const { items } = classPictures(pixelImages([[1, 0, 0]], [1]), '', 1, 'range');
  expect(items.map(({ label }) => label)).toEqual(['b']);
});

test("scaled by the image, its own extremes become black and white, whatever the image's range", () => {
  const levels = fc
    .array(fc.double({ min: -5, max: 5, noNaN: true }), { minLength: 3, maxLength: 3 })
    .filter((values) => Math.max(...values) - Math.min(...values) > 1e-3);
  fc.assert(
    fc.property(levels, (values) => {
      const images = { ...pixelImages([values], [0]), range: [-1, 1] as const };
      const { pixels } = classPictures(images, '', 1, 'image').items[0]!;
      expect(Math.min(...pixels)).toBe(0);
      expect(Math.max(...pixels)).toBe(255);
    }),
  );
});

test('pixels outside the range are clipped, and a constant image has no contrast', () => {
  const images = pixelImages([[-1, 0.5, 3]], [0]);
  expect([...classPictures(images, '', 1, 'range').items[0]!.pixels]).toEqual([0, 128, 255]);
  const flat = pixelImages([[0.5, 0.5, 0.5]], [0]);
  expect([...classPictures(flat, '', 1, 'image').items[0]!.pixels]).toEqual([0, 0, 0]);
});

test('images of two channels cannot be shown', () => {
  expect(() => classPictures(randomImages([1, 2, 2, 2], 'two'), '', 1, 'range')).toThrow(
    'Pictures need 1 (grey) or 3 (RGB) channels, but the images have 2.',
  );
});
