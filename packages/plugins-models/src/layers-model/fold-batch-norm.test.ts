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
});
