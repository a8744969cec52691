import type { Snn } from '@privatesnn/core';
import { createTensorRuntime } from '@privatesnn/runtime-tfjs';
import { fakeContext } from '@privatesnn/testkit';
import fc from 'fast-check';
import { beforeAll, expect, test } from 'vitest';

import { lineOf, pixelImages, stageOf, tinyAnn, tinySnn } from './testing/fixtures.js';
import { weightChange } from './weight-change.js';

let runtime: Awaited<ReturnType<typeof createTensorRuntime>>;
beforeAll(async () => {
  runtime = await createTensorRuntime({ prefer: 'embedded' });
});

const withHidden = (data: ArrayLike<number>): Snn => ({
  ...tinySnn,
  parameters: {
    ...tinySnn.parameters,
    'hidden.weight': { shape: [3, 3], data: Float32Array.from(data) },
  },
});
const images = pixelImages(
  [
    [1, 0, 0],
    [0, 1, 0],
    [0, 0, 1],
  ],
  [0, 1, 2],
);

const run = (after: Snn, test = true) =>
  stageOf(weightChange, { runtime }, {}).run(fakeContext(), {
    before: tinyAnn,
    after,
    images: test ? images : undefined,
  });

test('an untrained network has not changed, and its re-converted ANN is the ANN', async () => {
  const { metrics, layers } = await run(tinySnn);
  expect(metrics.values).toEqual({
    relativeChange: 0,
    cosine: expect.closeTo(1, 12),
    accuracyBefore: 1,
    accuracyAfter: 1,
  });
  expect(layers.x).toEqual(['hidden', 'out']);
  expect(lineOf(layers, 'relative change')).toEqual([0, 0]);
});

test('a permuted layer by hand', async () => {
  const { metrics, layers } = await run(withHidden([0, 1, 0, 0, 0, 1, 1, 0, 0]));
  expect(lineOf(layers, 'relative change')[0]).toBeCloseTo(Math.SQRT2, 6);
  expect(lineOf(layers, 'cosine')).toEqual([0, expect.closeTo(1, 12)]);
  expect(metrics.values).toEqual({
    relativeChange: expect.closeTo(1, 6),
    cosine: expect.closeTo(0.5, 6),
    accuracyBefore: 1,
    accuracyAfter: 0,
  });
});

test('scaling by s changes the weights by |s − 1| and leaves the cosine at ±1', async () => {
  await fc.assert(
    fc.asyncProperty(fc.double({ min: 0.05, max: 10, noNaN: true }), async (s) => {
      const scaled = withHidden([s, 0, 0, 0, s, 0, 0, 0, s]);
      const { layers, metrics } = await run(scaled, false);
      expect(lineOf(layers, 'relative change')[0]).toBeCloseTo(Math.abs(s - 1), 5);
      expect(lineOf(layers, 'cosine')[0]).toBeCloseTo(1, 10);
      expect(metrics.values['accuracyAfter']).toBeNull();
    }),
    { numRuns: 30 },
  );
});

test('a layer of zeros has no relative change; other networks are an error', async () => {
  const zero = withHidden(new Float32Array(9));
  const { layers } = await stageOf(weightChange, { runtime }, {}).run(fakeContext(), {
    before: zero,
    after: tinySnn,
    images: undefined,
  });
  expect(lineOf(layers, 'relative change')).toEqual([null, 0]);
  expect(lineOf(layers, 'cosine')[0]).toBeNull();
  await expect(run(withHidden([1]))).rejects.toThrow('Expected two states of one network');
});
