import fc from 'fast-check';
import { expect, it } from 'vitest';

import { balancedLabels } from './balanced-labels.js';

it('spreads images over the classes as evenly as can be, in every prefix', () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 1, max: 12 }),
      fc.integer({ min: 1, max: 60 }),
      (classes, samples) => {
        const labels = balancedLabels(classes, { samples, samplesPerClass: 0 });
        expect(labels.length).toBe(samples);
        const counts = new Array<number>(classes).fill(0);
        for (const label of labels) {
          counts[label]!++;
          expect(Math.max(...counts) - Math.min(...counts)).toBeLessThanOrEqual(1);
        }
      },
    ),
  );
});

it('takes a number of images a class before a total', () => {
  expect([...balancedLabels(2, { samples: 99, samplesPerClass: 2 })]).toEqual([0, 1, 0, 1]);
});
