import { testStream } from '@privatesnn/testkit';
import fc from 'fast-check';
import { expect, it } from 'vitest';

import { logGammaVariate, sampleDirichlet } from './dirichlet.js';

const concentration = fc.oneof(fc.constant(1e-4), fc.double({ min: 1e-4, max: 20, noNaN: true }));

it('lies on the simplex, however small the concentrations', () => {
  fc.assert(
    fc.property(
      fc.array(concentration, { minLength: 1, maxLength: 20 }),
      fc.nat(),
      (alpha, seed) => {
        const sample = sampleDirichlet(alpha, testStream('dirichlet', seed));
        expect(sample.every((p) => p >= 0 && p <= 1)).toBe(true);
        expect(sample.reduce((a, b) => a + b, 0)).toBeCloseTo(1, 12);
      },
    ),
  );
});

it('has the mean and variance of the Dirichlet distribution', () => {
  const alpha = [0.3, 1, 2.7];
  const total = 4;
  const random = testStream('moments');
  const samples = Array.from({ length: 20_000 }, () => sampleDirichlet(alpha, random));
  alpha.forEach((a, k) => {
    const mean = samples.reduce((sum, s) => sum + s[k]!, 0) / samples.length;
    const variance = samples.reduce((sum, s) => sum + (s[k]! - mean) ** 2, 0) / samples.length;
    expect(mean).toBeCloseTo(a / total, 2);
    expect(variance).toBeCloseTo(((a / total) * (1 - a / total)) / (total + 1), 2);
  });
});

it.each([0.2, 1, 3.5])('draws Gamma variates with mean and variance %d', (shape) => {
  const random = testStream('gamma');
  const values = Array.from({ length: 20_000 }, () => Math.exp(logGammaVariate(shape, random)));
  const mean = values.reduce((a, b) => a + b) / values.length;
  const variance = values.reduce((sum, v) => sum + (v - mean) ** 2, 0) / values.length;
  expect(Math.abs(mean / shape - 1)).toBeLessThan(0.05);
  expect(Math.abs(variance / shape - 1)).toBeLessThan(0.1);
});
