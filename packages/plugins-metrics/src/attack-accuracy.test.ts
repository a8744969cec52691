import { createTensorRuntime } from '@privatesnn/runtime-tfjs';
import { fakeContext } from '@privatesnn/testkit';
import fc from 'fast-check';
import { beforeAll, expect, test } from 'vitest';

import { pixelImages, randomImages, stageOf, tinyAnn } from './testing/fixtures.js';
import { attackAccuracy } from './attack-accuracy.js';

let runtime: Awaited<ReturnType<typeof createTensorRuntime>>;
beforeAll(async () => {
  runtime = await createTensorRuntime({ prefer: 'embedded' });
});

const run = (pixels: number[][], labels: number[]) =>
  stageOf(attackAccuracy, { runtime }, {}).run(fakeContext(), {
    // A network without class names numbers them; the classifier names them.
    attacked: { ...pixelImages(pixels, labels), classNames: ['0', '1', '2'], origin: 'synthetic' },
    classifier: tinyAnn,
  });

test('two of three recognised', async () => {
  const { metrics, pictures } = await run(
    [
      [1, 0, 0],
      [0, 1, 0],
      [0, 1, 0],
    ],
    [0, 1, 2],
  );
  const e = Math.E;
  expect(metrics.values).toEqual({
    attackAccuracy: 2 / 3,
    wilsonLow: expect.closeTo(0.2077, 4),
    wilsonHigh: expect.closeTo(0.9385, 4),
    chance: 1 / 3,
    leakage: expect.closeTo(0.5, 10),
    meanTargetProbability: expect.closeTo((2 * e + 1) / (3 * (e + 2)), 5),
    images: 3,
    ties: 0,
    withoutGradient: 0,
  });
  expect(pictures.items.map(({ label }) => label)).toEqual(['a', 'b', 'c']);
  expect([...pictures.items[0]!.pixels]).toEqual([255, 0, 0]);
});

test('images without gradient are no evidence: the score leaves them out, and is empty where there are no others', async () => {
  const score = async (withoutGradient: number[]) => {
    const context = fakeContext();
    const { metrics } = await stageOf(attackAccuracy, { runtime }, {}).run(context, {
      attacked: {
        ...pixelImages(
          [
            [1, 0, 0],
            [0.5, 0.4, 0.1],
            [0.5, 0.4, 0.1],
          ],
          [0, 1, 2],
        ),
        withoutGradient: Uint8Array.from(withoutGradient),
        origin: 'synthetic',
      },
      classifier: tinyAnn,
    });
    return { ...metrics, warnings: context.warnings };
  };
  const some = await score([0, 1, 0]);
  expect(some.values).toMatchObject({ attackAccuracy: 0.5, images: 2, withoutGradient: 1 });
  expect(some.warnings[0]).toContain('no gradient for 1 of 3 images: the score leaves them out');
  const all = await score([1, 1, 1]);
  expect(all.values).toEqual({
    attackAccuracy: null,
    wilsonLow: null,
    wilsonHigh: null,
    leakage: null,
    meanTargetProbability: null,
    images: 0,
    ties: 0,
    chance: 1 / 3,
    withoutGradient: 3,
  });
  expect(all.reasons!['attackAccuracy']).toContain('no evidence');
  expect(all.warnings[0]).toContain('the score is left empty');
});

test('the score is 1 where all are recognised and 0 at or below chance', async () => {
  const all = await run([[0, 0, 1]], [2]);
  expect(all.metrics.values['leakage']).toBe(1);
  const none = await run([[0, 0, 1]], [0]);
  expect(none.metrics.values['leakage']).toBe(0);
});

test('the score lies in [0, 1]', async () => {
  const image = fc.tuple(
    fc.array(fc.float({ min: 0, max: 1, noNaN: true }), { minLength: 3, maxLength: 3 }),
    fc.integer({ min: 0, max: 2 }),
  );
  await fc.assert(
    fc.asyncProperty(fc.array(image, { minLength: 1, maxLength: 8 }), async (images) => {
      const { values } = (
        await run(
          images.map(([pixels]) => pixels),
          images.map(([, label]) => label),
        )
      ).metrics;
      expect(values['leakage']).toBeGreaterThanOrEqual(0);
      expect(values['leakage']).toBeLessThanOrEqual(1);
      expect(values['meanTargetProbability']).toBeLessThan(1);
    }),
    { numRuns: 30 },
  );
});

test('images that do not fit the classifier are an error', async () => {
  await expect(
    stageOf(attackAccuracy, { runtime }, {}).run(fakeContext(), {
      attacked: randomImages([3, 2, 2, 1], 'large'),
      classifier: tinyAnn,
    }),
  ).rejects.toThrow('but received 2 × 2 × 1');
});
