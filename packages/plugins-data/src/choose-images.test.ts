import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { evenPlaces } from '@privatesnn/core';
import { testStream } from '@privatesnn/testkit';

import { chooseImages } from './choose-images.js';

const labels = fc.array(fc.integer({ min: 0, max: 4 }), { minLength: 1, maxLength: 60 });
const limits = fc.integer({ min: 1, max: 70 });

describe('chooseImages', () => {
  it('takes of every class its share unless they are to be drawn', () => {
    fc.assert(
      fc.property(labels, limits, (all, limit) => {
        const chosen = chooseImages(all, 5, { limit, shuffle: false }, testStream('x'));
        expect(chosen).toEqual(evenPlaces(all, limit));
      }),
    );
  });

  it('chooses from a range as from a set that has nothing else', () => {
    fc.assert(
      fc.property(
        labels,
        limits,
        fc.nat(50),
        fc.nat(50),
        fc.boolean(),
        (all, limit, a, b, shuffle) => {
          const range = [Math.min(a, b), Math.max(a, b) + 1] as const;
          const part = all.slice(...range);
          const chosen = chooseImages(all, 5, { limit, shuffle, range }, testStream('x'));
          const within = chooseImages(part, 5, { limit, shuffle }, testStream('x'));
          expect([...chosen]).toEqual([...within].map((place) => range[0] + place));
        },
      ),
    );
  });

  it('draws without repetition, balanced as far as the classes reach', () => {
    fc.assert(
      fc.property(labels, limits, fc.nat(), (all, limit, seed) => {
        const chosen = chooseImages(all, 5, { limit, shuffle: true }, testStream('x', seed));
        expect(new Set(chosen).size).toBe(Math.min(limit, all.length));
        const counts = [0, 1, 2, 3, 4].map((k) => ({
          drawn: [...chosen].filter((i) => all[i] === k).length,
          there: all.filter((label) => label === k).length,
        }));
        const largest = Math.max(...counts.map(({ drawn }) => drawn));
        for (const { drawn, there } of counts) {
          expect(drawn >= largest - 1 || drawn === there).toBe(true);
        }
      }),
    );
  });

  it('draws the same for the same seed, and another for another', () => {
    const all = Array.from({ length: 100 }, (_, i) => i % 5);
    const draw = (seed: number) =>
      chooseImages(all, 5, { limit: 20, shuffle: true }, testStream('x', seed));
    expect(draw(1)).toEqual(draw(1));
    expect(draw(1)).not.toEqual(draw(2));
  });
});
