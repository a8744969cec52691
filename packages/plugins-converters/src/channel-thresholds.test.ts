import fc from 'fast-check';
import { expect, it } from 'vitest';

import type { Ann } from '@privatesnn/core';
import { quantised } from '@privatesnn/spiking';
import { waveAnnWithBiases as ann } from './testing/variants.js';

import { ChannelThresholds } from './channel-thresholds.js';

const channels = ann.parameters['conv1.weight']!.shape.at(-1)!;

/** What each channel's weights were divided by. */
function factorsOf(scaled: Ann): number[] {
  const [before, after] = [ann, scaled].map(({ parameters }) => parameters['conv1.weight']!.data);
  return Array.from({ length: channels }, (_, c) => {
    const at = before!.findIndex((w, i) => i % channels === c && w !== 0);
    return before![at]! / after![at]!;
  });
}

it('takes for each channel the threshold that quantises it best, at least as well as its layer does', () => {
  const activation = fc.double({ min: 0, max: 4, noNaN: true });
  fc.assert(
    fc.property(
      fc.array(fc.array(activation, { minLength: channels, maxLength: channels }), {
        minLength: 1,
        maxLength: 20,
      }),
      fc.integer({ min: 1, max: 16 }),
      fc.constantFrom(0, 0.25, 0.5),
      (pixels, timeSteps, initial) => {
        const threshold = 1;
        const quantisation = { timeSteps, initial };
        const found = new ChannelThresholds(ann, { conv1: threshold, fc1: 1 }, quantisation);
        found.add('conv1', Float32Array.from(pixels.flat()));
        const factors = factorsOf(found.scaled());
        factors.forEach((factor, c) => {
          const values = pixels.map((pixel) => Math.fround(pixel[c]!));
          const cost = (theta: number) =>
            values.reduce((sum, a) => sum + (quantised(a, theta, quantisation) - a) ** 2, 0);
          for (const other of [threshold, threshold / 2, 2 ** 0.25 * threshold]) {
            expect(cost(factor * threshold)).toBeLessThanOrEqual(cost(other) * (1 + 1e-4) + 1e-6);
          }
          if (values.every((a) => a === 0)) expect(factor).toBeCloseTo(1, 6);
        });
      },
    ),
  );
});
