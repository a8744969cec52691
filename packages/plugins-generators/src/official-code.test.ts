import fc from 'fast-check';
import { beforeAll, describe, expect, it } from 'vitest';

import type { Ann } from '@privatesnn/core';
import { createTensorRuntime, initialImages, type TensorRuntime } from '@privatesnn/runtime-tfjs';
import { fakeContext } from '@privatesnn/testkit';

import { dataImpressions } from './data-impressions.js';
import { dataImpressionsPresets } from './presets.js';

const [pixelsOfImage, classes] = [4, 3];

function network(weights: readonly number[]): Ann {
  const layer = { kind: 'dense', name: 'fc', inputs: 4, outputs: 3, bias: false } as const;
  return {
    type: 'ann',
    architecture: {
      name: 'linear',
      inputShape: [2, 2, 1],
      classes,
      layers: [{ kind: 'flatten' }, layer],
    },
    parameters: { 'fc.weight': { shape: [4, 3], data: Float32Array.from(weights) } },
    inputRange: [-1, 1],
    classNames: ['a', 'b', 'c'],
  };
}

/** The public code's loop for one image and a linear network, in double precision. */
function optimisedByHand(
  start: Float32Array,
  weights: Float32Array,
  target: Float32Array,
  steps: number,
  accumulate: boolean,
): number[] {
  const x = [...start];
  const [sum, m, v] = [x.map(() => 0), x.map(() => 0), x.map(() => 0)];
  for (let step = 1; step <= steps; step++) {
    const z = Array.from(target, (_, c) =>
      x.reduce((total, value, i) => total + value * weights[i * classes + c]!, 0),
    );
    const exponentials = z.map((value) => Math.exp(value / 20));
    const total = exponentials.reduce((a, b) => a + b);
    x.forEach((_, i) => {
      let gradient = 0;
      exponentials.forEach((e, c) => {
        gradient += (weights[i * classes + c]! * (e / total - target[c]!)) / 20;
      });
      sum[i] = accumulate ? sum[i]! + gradient : gradient;
      m[i] = 0.9 * m[i]! + 0.1 * sum[i]!;
      v[i] = 0.999 * v[i]! + 0.001 * sum[i]! ** 2;
      const root = Math.sqrt(v[i]! / (1 - 0.999 ** step));
      x[i]! -= (0.001 * (m[i]! / (1 - 0.9 ** step))) / (root + 1e-8);
    });
  }
  return x.map((value) => Math.min(1, Math.max(-1, value)));
}

let runtime: TensorRuntime;
beforeAll(async () => {
  runtime = await createTensorRuntime({ prefer: 'embedded' });
});

async function synthesised(ann: Ann, changes: object) {
  const options = dataImpressions.options.parse({
    ...dataImpressionsPresets['official-code'],
    samplesPerClass: 1,
    iterations: 120,
    ...changes,
  });
  const stage = dataImpressions.create({ runtime }, options);
  return (await stage.run(fakeContext(), { ann })).images;
}

// None is 0: classes without weights have no similarity.
const weight = fc.integer({ min: 1, max: 40 }).chain((n) => fc.constantFrom(n / 20, -n / 20));
// Nor are those of a pixel alike: its gradient would be rounding alone, which Adam makes whole steps of.
const weightsOf = fc
  .array(fc.uniqueArray(weight, { minLength: classes, maxLength: classes }), {
    minLength: pixelsOfImage,
    maxLength: pixelsOfImage,
  })
  .map((pixels) => pixels.flat());

describe('the public code', () => {
  it.each([true, false])(
    'takes Adam along the sum of all gradients: %s, as a loop by hand does',
    async (accumulateGradient) => {
      await fc.assert(
        fc.asyncProperty(weightsOf, async (weights) => {
          const ann = network(weights);
          const images = await synthesised(ann, { accumulateGradient, eightBit: false });
          const start = initialImages(
            'input-range',
            [classes, 2, 2, 1],
            [-1, 1],
            fakeContext().random('start/0'),
          );
          for (let i = 0; i < classes; i++) {
            const expected = optimisedByHand(
              start.slice(4 * i, 4 * i + 4),
              ann.parameters['fc.weight']!.data,
              images.softLabels!.slice(3 * i, 3 * i + 3),
              120,
              accumulateGradient,
            );
            expected.forEach((value, k) =>
              expect(Math.abs(images.pixels[4 * i + k]! - value)).toBeLessThan(1e-3),
            );
          }
        }),
        { numRuns: 6 },
      );
    },
  );

  it('keeps the nearest of 256 levels, so that saving and loading changes nothing', async () => {
    await fc.assert(
      fc.asyncProperty(weightsOf, async (weights) => {
        const ann = network(weights);
        const whole = await synthesised(ann, { eightBit: false });
        const rounded = await synthesised(ann, { eightBit: true });
        rounded.pixels.forEach((value, i) => {
          const level = ((value + 1) / 2) * 255;
          expect(Math.abs(level - Math.round(level))).toBeLessThan(1e-4);
          expect(Math.abs(value - whole.pixels[i]!)).toBeLessThanOrEqual(1 / 255 + 1e-6);
        });
      }),
      { numRuns: 6 },
    );
  });
});
