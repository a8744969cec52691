import fc from 'fast-check';
import { expect, it } from 'vitest';

import type { Images } from '@privatesnn/core';
import { fakeContext, runStageContract } from '@privatesnn/testkit';

import { realSubset } from './real-subset.js';

/** Images of one pixel, whose value is the image's number. */
function numbered(labels: readonly number[]): Images {
  return {
    type: 'images',
    shape: [labels.length, 1, 1, 1],
    pixels: Uint8Array.from(labels.keys()),
    range: [0, 255],
    labels: Int32Array.from(labels),
    classNames: ['a', 'b', 'c'],
    origin: 'real',
  };
}

const draw = async (images: Images, samples: number, seed = 1) =>
  (await realSubset.create({}, { samples }).run(fakeContext({ seed }), { images })).images;

runStageContract(realSubset, {
  options: { samples: 4 },
  inputs: () => ({ images: numbered([0, 1, 2, 0, 1, 2]) }),
});

const labels = fc.array(fc.integer({ min: 0, max: 2 }), { minLength: 1, maxLength: 60 });

it('draws real images of the dataset with their labels, none twice, balanced', async () => {
  await fc.assert(
    fc.asyncProperty(labels, fc.nat(), fc.nat(), async (all, part, seed) => {
      const samples = 1 + (part % all.length);
      const images = await draw(numbered(all), samples, seed);
      expect(images.origin).toBe('real');
      expect(new Set(images.pixels).size).toBe(samples);
      images.pixels.forEach((number, i) => expect(images.labels[i]).toBe(all[number]));
      const counts = [0, 1, 2].map((k) => images.labels.filter((label) => label === k).length);
      counts.forEach((drawn, k) => {
        const there = all.filter((label) => label === k).length;
        expect(drawn >= Math.max(...counts) - 1 || drawn === there).toBe(true);
      });
    }),
  );
});

it('asks for no more images than there are', async () => {
  await expect(draw(numbered([0, 1, 2]), 4)).rejects.toThrow(
    '4 images are to be drawn, but there are only 3.',
  );
});
