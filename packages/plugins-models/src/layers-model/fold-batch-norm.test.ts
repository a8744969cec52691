import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { foldBatchNorm } from './fold-batch-norm.js';

const number = fc.double({ min: -3, max: 3, noNaN: true });

describe('foldBatchNorm', () => {
  it('changes no output', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 4 }).chain((channels) => {
          const vector = fc
            .array(number, { minLength: channels, maxLength: channels })
            .map((values) => Float32Array.from(values));
          return fc.record({
            channels: fc.constant(channels),
            weight: fc
              .array(number, { minLength: 3 * channels, maxLength: 3 * channels })
              .map((values) => Float32Array.from(values)),
            bias: fc.option(vector, { nil: undefined }),
            gamma: fc.option(vector, { nil: undefined }),
            beta: fc.option(vector, { nil: undefined }),
            mean: vector,
            variance: vector.map((values) => values.map((v) => v * v)),
            x: fc.tuple(number, number, number),
          });
        }),
        ({ channels, weight, bias, x, ...norm }) => {
          const epsilon = 1e-2;
          const folded = foldBatchNorm(
            { shape: [3, channels], data: weight },
            bias && { shape: [channels], data: bias },
            { ...norm, epsilon },
          );
          for (let c = 0; c < channels; c++) {
            const sum = (w: Float32Array) => x.reduce((s, v, i) => s + v * w[i * channels + c]!, 0);
            const before = sum(weight) + (bias?.[c] ?? 0);
            const expected =
              ((norm.gamma?.[c] ?? 1) * (before - norm.mean[c]!)) /
                Math.sqrt(norm.variance[c]! + epsilon) +
              (norm.beta?.[c] ?? 0);
            const found = sum(folded.weight.data) + folded.bias.data[c]!;
            expect(Math.abs(found - expected)).toBeLessThan(
              1e-5 * Math.max(100, Math.abs(expected)),
            );
          }
        },
      ),
    );
  });

  it('gives the statistics that the folded layer has on the data of the normalisation', () => {
    const vector = fc.array(number, { minLength: 2, maxLength: 2 });
    fc.assert(
      fc.property(
        fc.array(fc.tuple(number, number, number), { minLength: 2, maxLength: 20 }),
        fc.array(number, { minLength: 6, maxLength: 6 }),
        vector,
        vector,
        vector,
        (data, weight, bias, gamma, beta) => {
          const outputs = (w: ArrayLike<number>, b: ArrayLike<number>, c: number) =>
            data.map((x) => x.reduce((sum, v, i) => sum + v * w[i * 2 + c]!, b[c]!));
          const mean = (x: number[]) => x.reduce((a, b) => a + b) / x.length;
          const variance = (x: number[]) => mean(x.map((v) => (v - mean(x)) ** 2));
          const before = [0, 1].map((c) => outputs(weight, bias, c));
          const folded = foldBatchNorm(
            { shape: [3, 2], data: Float32Array.from(weight) },
            { shape: [2], data: Float32Array.from(bias) },
            {
              gamma: Float32Array.from(gamma),
              beta: Float32Array.from(beta),
              mean: Float32Array.from(before, mean),
              variance: Float32Array.from(before, variance),
              epsilon: 1e-2,
            },
          );
          [0, 1].forEach((c) => {
            const after = outputs(folded.weight.data, folded.bias.data, c);
            expect(folded.statistics.mean[c]).toBeCloseTo(mean(after), 3);
            expect(folded.statistics.variance[c]).toBeCloseTo(variance(after), 3);
            expect(folded.statistics.mean[c]).toBe(Math.fround(beta[c]!));
          });
        },
      ),
    );
  });
});
