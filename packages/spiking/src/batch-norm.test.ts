import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { floatArray } from '@privatesnn/testkit';

import { foldBatchNorm } from './batch-norm.js';

const inputs = 4;
const grid = { min: -2, max: 2, step: 1 / 64 };
const positive = { min: 1 / 8, max: 4, step: 1 / 64 };

/** A linear layer of some channels, its normalisation, and an input. */
const layers = fc.integer({ min: 1, max: 4 }).chain((channels) => {
  const vector = floatArray(channels, grid);
  const maybe = fc.option(vector, { nil: undefined });
  return fc.record({
    channels: fc.constant(channels),
    x: floatArray(inputs, grid),
    weight: floatArray(inputs * channels, grid).map((data) => ({
      shape: [inputs, channels],
      data,
    })),
    bias: fc.option(
      vector.map((data) => ({ shape: [channels], data })),
      { nil: undefined },
    ),
    norm: fc.record({
      mean: vector,
      variance: floatArray(channels, positive),
      scale: maybe,
      shift: maybe,
      epsilon: fc.constantFrom(1e-5, 1e-3, 1e-2),
    }),
  });
});

describe('foldBatchNorm', () => {
  it('changes no output beyond 1e-5', () => {
    fc.assert(
      fc.property(layers, ({ channels, x, weight, bias, norm }) => {
        const output = (w: Float32Array, b: Float32Array | undefined, c: number) =>
          x.reduce((sum, value, i) => sum + value * w[i * channels + c]!, b?.[c] ?? 0);
        const folded = foldBatchNorm(weight, bias, norm);
        for (let c = 0; c < channels; c++) {
          const expected =
            ((output(weight.data, bias?.data, c) - norm.mean[c]!) /
              Math.sqrt(norm.variance[c]! + norm.epsilon)) *
              (norm.scale?.[c] ?? 1) +
            (norm.shift?.[c] ?? 0);
          const actual = output(folded.weight.data, folded.bias.data, c);
          expect(Math.abs(actual - expected)).toBeLessThan(1e-5 * Math.max(1, Math.abs(expected)));
        }
      }),
      { numRuns: 500 },
    );
  });

  it('gives the statistics that the folded layer has on the data of the normalisation', () => {
    const mean = (values: readonly number[]) => values.reduce((a, b) => a + b) / values.length;
    const variance = (values: readonly number[]) =>
      mean(values.map((value) => (value - mean(values)) ** 2));
    fc.assert(
      fc.property(
        layers,
        fc.array(floatArray(inputs, grid), { minLength: 2, maxLength: 20 }),
        ({ channels, weight, bias, norm }, data) => {
          const outputs = (w: Float32Array, b: Float32Array | undefined) =>
            Array.from({ length: channels }, (_, c) =>
              data.map((x) =>
                x.reduce((sum, value, i) => sum + value * w[i * channels + c]!, b?.[c] ?? 0),
              ),
            );
          const before = outputs(weight.data, bias?.data);
          const folded = foldBatchNorm(weight, bias, {
            ...norm,
            epsilon: 1e-2,
            mean: Float32Array.from(before, mean),
            variance: Float32Array.from(before, variance),
          });
          outputs(folded.weight.data, folded.bias.data).forEach((after, c) => {
            expect(folded.statistics.mean[c]).toBeCloseTo(mean(after), 3);
            expect(folded.statistics.variance[c]).toBeCloseTo(variance(after), 3);
            expect(folded.statistics.mean[c]).toBe(norm.shift?.[c] ?? 0);
          });
        },
      ),
    );
  });

  it('refuses statistics of another size', () => {
    const one = Float32Array.of(1);
    const weight = { shape: [1, 2], data: Float32Array.of(1, 2) };
    expect(() =>
      foldBatchNorm(weight, undefined, { mean: one, variance: one, epsilon: 0 }),
    ).toThrow(/2 channels/);
  });
});
