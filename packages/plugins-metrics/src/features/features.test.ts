import { createTensorRuntime } from '@privatesnn/runtime-tfjs';
import type { Ann } from '@privatesnn/core';
import { testStream } from '@privatesnn/testkit';
import fc from 'fast-check';
import { expect, test } from 'vitest';

import { normalFeatures } from '../testing/feature-arbitraries.js';
import { pixelImages, randomImages, tinyAnn } from '../testing/fixtures.js';
import { covarianceOf } from '../distance/covariance.js';
import { penultimateFeatures } from './penultimate.js';
import { pooledPixels } from './pooled-pixels.js';
import { applyProjection, principalComponents, randomProjection } from './reduce.js';

const extraction = { batch: 2, signal: new AbortController().signal, onProgress: () => {} };

test('pooled pixels are block means in [0, 1]', () => {
  const image = {
    ...randomImages([1, 4, 4, 1], 'block'),
    pixels: Uint8Array.from([
      ...[0, 255, 0, 0],
      ...[255, 0, 0, 0],
      ...[255, 255, 51, 51],
      ...[255, 255, 51, 51],
    ]),
    range: [0, 255] as const,
  };
  const { data } = pooledPixels(image, 2);
  [0.5, 0, 1, 0.2].forEach((value, i) => expect(data[i]).toBeCloseTo(value, 6));
});

test('pooling keeps the mean of each channel where blocks are equal, and whole images at full size', () => {
  const images = randomImages([3, 6, 6, 2], 'mean');
  const means = pooledPixels(images, 1).data;
  const blocks = pooledPixels(images, 3);
  for (let image = 0; image < 3; image++) {
    for (let c = 0; c < 2; c++) {
      let sum = 0;
      for (let b = 0; b < 9; b++) sum += blocks.data[image * 18 + b * 2 + c]!;
      expect(sum / 9).toBeCloseTo(means[image * 2 + c]!, 6);
    }
  }
  expect(pooledPixels(images, 100).columns).toBe(72);
});

test('principal components come in order of variance and keep the whole of it', async () => {
  await fc.assert(
    fc.asyncProperty(fc.integer({ min: 1, max: 20 }), fc.integer(), async (columns, seed) => {
      // Of more columns than rows, too.
      const features = normalFeatures(10, columns, `pca${seed}`);
      const turned = applyProjection(features, await principalComponents(features, columns));
      const before = covarianceOf(features);
      const after = covarianceOf(turned);
      const variances = after.map((row, i) => row[i]!);
      const total = before.reduce((sum, row, i) => sum + row[i]!, 0);
      expect(variances.reduce((a, b) => a + b, 0) / total).toBeCloseTo(1, 8);
      variances.slice(1).forEach((v, i) => expect(v).toBeLessThanOrEqual(variances[i]! + 1e-9));
      after.forEach((row, i) =>
        row.forEach((value, j) => i !== j && expect(Math.abs(value)).toBeLessThan(1e-8 * total)),
      );
    }),
    { numRuns: 30 },
  );
});

test('a random projection keeps squared lengths on average', () => {
  const features = normalFeatures(20, 30, 'length');
  const squares = (data: Float64Array) => data.reduce((sum, value) => sum + value * value, 0);
  const random = testStream('projection');
  const ratios = Array.from({ length: 100 }, () => {
    const { data } = applyProjection(features, randomProjection(30, 8, random));
    return squares(data) / squares(features.data);
  });
  expect(ratios.reduce((a, b) => a + b, 0) / ratios.length).toBeCloseTo(1, 1);
});

test('penultimate features: after the ReLU; a convolution is averaged over its pixels', async () => {
  const runtime = await createTensorRuntime({ prefer: 'embedded' });
  const images = pixelImages(
    [
      [1, 0.5, 0],
      [0, 0.25, 1],
      [1, 1, 1],
    ],
    [0, 1, 2],
  );
  const dense = await penultimateFeatures(runtime, tinyAnn, images, extraction);
  expect(dense).toEqual({ rows: 3, columns: 3, data: Float64Array.from(images.pixels) });

  const conv: Ann = {
    ...tinyAnn,
    architecture: {
      name: 'conv',
      inputShape: [2, 2, 1],
      classes: 3,
      layers: [
        {
          kind: 'conv',
          name: 'conv',
          inChannels: 1,
          outChannels: 2,
          kernel: 1,
          stride: 1,
          padding: 0,
          bias: false,
        },
        { kind: 'flatten' },
        { kind: 'dense', name: 'out', inputs: 8, outputs: 3, bias: false },
      ],
    },
    parameters: {
      'conv.weight': { shape: [1, 1, 1, 2], data: Float32Array.from([2, -1]) },
      'out.weight': { shape: [8, 3], data: new Float32Array(24) },
    },
  };
  const grey = randomImages([2, 2, 2, 1], 'grey');
  const pooled = await penultimateFeatures(runtime, conv, grey, extraction);
  const mean = [...grey.pixels.subarray(0, 4)].reduce((a, b) => a + b, 0) / 4;
  expect(pooled.columns).toBe(2);
  expect(pooled.data[0]).toBeCloseTo(2 * mean, 5);
  expect(pooled.data[1]).toBe(0);
});

test('a classifier without a hidden layer has no features', async () => {
  const runtime = await createTensorRuntime({ prefer: 'embedded' });
  const { architecture } = tinyAnn;
  const flat = {
    ...tinyAnn,
    architecture: { ...architecture, layers: [architecture.layers[0]!, architecture.layers[2]!] },
  };
  await expect(
    penultimateFeatures(runtime, flat, pixelImages([[0, 0, 1]], [2]), extraction),
  ).rejects.toThrow('has only its output layer');
});
