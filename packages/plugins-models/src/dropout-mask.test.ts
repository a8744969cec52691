import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { testStream } from '@privatesnn/testkit';

import { dropoutMasks } from './dropout-mask.js';

describe('dropoutMasks', () => {
  it('drops the wanted part, and scales what is left so that the mean stays 1', () => {
    fc.assert(
      fc.property(fc.double({ min: 0.05, max: 0.9, noNaN: true }), fc.nat(), (rate, seed) => {
        const size = 20_001;
        const mask = dropoutMasks(testStream('x', seed))(size, rate);
        const kept = Math.fround(1 / (1 - rate));
        expect(mask.every((value) => value === 0 || value === kept)).toBe(true);
        const dropped = mask.filter((value) => value === 0).length / size;
        expect(Math.abs(dropped - rate)).toBeLessThan(6 * Math.sqrt((rate * (1 - rate)) / size));
      }),
    );
  });

  it('gives other masks each time, the same ones for the same seed', () => {
    const [a, b] = [dropoutMasks(testStream('x')), dropoutMasks(testStream('x'))];
    const first = a(100, 0.5);
    expect(b(100, 0.5)).toEqual(first);
    expect(a(100, 0.5)).not.toEqual(first);
  });
});
