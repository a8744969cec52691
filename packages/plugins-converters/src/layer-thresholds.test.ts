import fc from 'fast-check';
import { beforeAll, describe, expect, it } from 'vitest';

import type { Ann } from '@privatesnn/core';
import {
  activationSizes,
  createTensorRuntime,
  visitActivations,
  type TensorRuntime,
} from '@privatesnn/runtime-tfjs';
import { createReferenceEngine, gaussianThreshold } from '@privatesnn/spiking';
import { fakeContext, waveImages } from '@privatesnn/testkit';

import { layerThresholds } from './layer-thresholds.js';
import { leastErrorOptions } from './least-error-options.js';
import { locallyBalanced } from './local-thresholds.js';
import { waveAnnWithBiases as ann } from './testing/variants.js';

const images = waveImages(12);
const quantisation = { timeSteps: 4, initial: 0.5 };
const pass = { batchSize: 12, signal: new AbortController().signal, onProgress: () => {} };

let tensors: TensorRuntime;
beforeAll(async () => {
  tensors = await createTensorRuntime({ prefer: 'embedded' });
});

async function thresholds(
  options: Record<string, unknown>,
  from: Ann = ann,
  calibration = images,
): Promise<Readonly<Record<string, number>>> {
  const sizes = await activationSizes(tensors, from, calibration, pass);
  const search = {
    context: fakeContext(),
    engine: createReferenceEngine(),
    tensors,
    ann: from,
    calibration,
    options: leastErrorOptions.parse({ localUpdates: 12, ...options }),
  };
  return (await layerThresholds(search, sizes))(quantisation);
}

/** The network with the weights and the bias of its first layer times a factor. */
function firstTimes(factor: number): Ann {
  const parameters = Object.fromEntries(
    Object.entries(ann.parameters).map(([name, { shape, data }]) => [
      name,
      { shape, data: name.startsWith('conv1') ? data.map((w) => factor * w) : data },
    ]),
  );
  return { ...ann, parameters };
}

/** The currents of the first layer: x = max(0, x) − max(0, −x). */
async function firstCurrents(): Promise<Float32Array> {
  const [positive, negative] = await Promise.all(
    [1, -1].map(async (sign) => {
      let found = new Float32Array();
      await visitActivations(tensors, firstTimes(sign), images, pass, (layer, values) => {
        if (layer === 'conv1') found = Float32Array.from(values);
      });
      return found;
    }),
  );
  return positive!.map((value, i) => value - negative![i]!);
}

/** The same network with the first layer's ReLUs clipped. */
function clippedAt(maximum: number): Ann {
  const layers = ann.architecture.layers.map((layer) =>
    layer.name === 'conv1' ? { ...layer, maximum } : layer,
  ) as Ann['architecture']['layers'];
  return { ...ann, architecture: { ...ann.architecture, layers } };
}

describe.each(['statistics', 'local'] as const)('thresholds: %s', (how) => {
  it('grow in proportion to the activations', async () => {
    const once = await thresholds({ thresholds: how });
    await fc.assert(
      fc.asyncProperty(fc.integer({ min: -6, max: 6 }), async (power) => {
        const scaled = await thresholds({ thresholds: how }, firstTimes(2 ** power));
        expect(scaled['conv1']! / 2 ** power / once['conv1']!).toBeCloseTo(1, 5);
      }),
      { numRuns: 5 },
    );
  });

  it('are no larger than where a ReLU is clipped', async () => {
    const clipped = await thresholds({ thresholds: how }, clippedAt(0.125));
    expect(clipped['conv1']).toBe(0.125);
  });

  it('are refused where a layer has none, by the name of the layer', async () => {
    const unseen = { ...images, pixels: new Float32Array(images.pixels.length) };
    const biases = ann.parameters['conv1.bias']!;
    const parameters = {
      ...ann.parameters,
      'conv1.bias': { ...biases, data: biases.data.map(() => -1) },
    };
    await expect(
      layerThresholds(
        {
          context: fakeContext(),
          engine: createReferenceEngine(),
          tensors,
          ann: { ...ann, parameters },
          calibration: unseen,
          options: leastErrorOptions.parse({ thresholds: how, localUpdates: 12 }),
        },
        {},
      ).then((at) => at(quantisation)),
    ).rejects.toThrow(`thresholds: ${how} gives layer "conv1" none above 0 on 12 calibration`);
  });
});

it('thresholds: statistics are those of a Gaussian of the mean and variance of the currents', async () => {
  const currents = await firstCurrents();
  const mean = currents.reduce((sum, x) => sum + x, 0) / currents.length;
  const variance = currents.reduce((sum, x) => sum + (x - mean) ** 2, 0) / currents.length;
  const { conv1 } = await thresholds({ thresholds: 'statistics', batchSize: 5 });
  expect(conv1).toBeCloseTo(gaussianThreshold({ mean, variance }, quantisation)!, 5);
});

describe('thresholds: local', () => {
  it('take as many steps as are asked for, each on the next batch', async () => {
    const currents = await firstCurrents();
    const half = currents.length / 2;
    for (const localUpdates of [1, 2, 3, 5]) {
      let expected = 0;
      for (let k = 0; k < localUpdates; k++) {
        const batch = currents.subarray((k % 2) * half, ((k % 2) + 1) * half);
        const cut = batch.reduce((sum, x) => sum + Math.max(0, x - expected), 0) / half;
        expected += 2 * cut;
      }
      const { conv1 } = await thresholds({ thresholds: 'local', localUpdates, batchSize: 6 });
      // The images of an odd last step are spread over all.
      if (localUpdates % 2 === 0) expect(conv1).toBeCloseTo(expected, 5);
      else expect(conv1! / expected).toBeCloseTo(1, 0);
    }
  });

  it('come to rest only where nothing is cut off', async () => {
    const currents = await firstCurrents();
    const largest = currents.reduce((a, b) => Math.max(a, b));
    let threshold = 0;
    for (let k = 0; k < 3000; k++) threshold = locallyBalanced(threshold, currents);
    expect(threshold / largest).toBeGreaterThan(0.98);
    expect(threshold).toBeLessThanOrEqual(largest);
    expect(locallyBalanced(largest, currents)).toBe(largest);
  });

  it('rise as for Gaussian currents, computed elsewhere', () => {
    // θ ← θ + 2·(φ(θ) − θ·(1 − Φ(θ))) in Python, with math.erfc; here, quantiles of the normal distribution.
    const currents = normalQuantiles(20_001);
    const golden = [0.7978845608, 1.03919666015, 1.19375699123, 1.30740624193, 1.39703768033];
    let threshold = 0;
    for (const expected of golden) {
      threshold = locallyBalanced(threshold, currents);
      expect(threshold).toBeCloseTo(expected, 3);
    }
  });
});

/** By summing the density: finer than the test asks for. */
function normalQuantiles(count: number): Float32Array {
  const quantiles = new Float32Array(count);
  const step = 1e-5;
  let [z, below, at] = [-6, 0, 0];
  while (at < count && z < 6) {
    below += (step * Math.exp((-z * z) / 2)) / Math.sqrt(2 * Math.PI);
    z += step;
    while (at < count && below >= (at + 0.5) / count) quantiles[at++] = z;
  }
  return quantiles;
}
