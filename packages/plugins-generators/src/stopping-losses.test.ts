import { randomStream } from '@privatesnn/core';
import fc from 'fast-check';
import { expect, it } from 'vitest';

import { stoppingLosses } from './stopping-losses.js';

const bound = fc.double({ min: 1e-9, max: 10, noNaN: true });

it('draws within the bounds, each image its own and a batch one', () => {
  fc.assert(
    fc.property(bound, bound, fc.nat(), (a, b, seed) => {
      const [low, high] = [Math.min(a, b), Math.max(a, b)];
      const losses = (stopBy: 'image' | 'batch') =>
        stoppingLosses({ stopAtLoss: [low, high], stopBy }, 20, randomStream(seed, 'stop'));
      for (const loss of losses('image')) {
        expect(loss).toBeGreaterThanOrEqual(low * (1 - 1e-12));
        expect(loss).toBeLessThanOrEqual(high * (1 + 1e-12));
      }
      expect(new Set(losses('batch')).size).toBe(1);
    }),
  );
});

it('spreads them evenly over the powers of ten', () => {
  const options = { stopAtLoss: [1e-6, 1] as [number, number], stopBy: 'image' as const };
  const logs = Array.from(stoppingLosses(options, 6000, randomStream(1, 'stop')), Math.log10);
  for (let decade = -6; decade < 0; decade++) {
    const part = logs.filter((log) => log >= decade && log < decade + 1).length / 6000;
    expect(part).toBeGreaterThan(0.13);
    expect(part).toBeLessThan(0.2);
  }
});

it('is the same for all where it is one number', () => {
  const losses = stoppingLosses({ stopAtLoss: 0.2, stopBy: 'image' }, 3, randomStream(1, 'stop'));
  expect([...losses]).toEqual([0.2, 0.2, 0.2]);
});
