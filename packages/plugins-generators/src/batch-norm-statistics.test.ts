import type { Tensor, Tensor4D } from '@tensorflow/tfjs-core';
import fc from 'fast-check';
import { beforeAll, describe, expect, it } from 'vitest';
import type { z } from 'zod';

import type { Ann, ChannelStatistics, Images } from '@privatesnn/core';
import {
  annForward,
  annTensors,
  createTensorRuntime,
  type TensorRuntime,
} from '@privatesnn/runtime-tfjs';
import { fakeContext, runStageContract, testStream, tinyAnn } from '@privatesnn/testkit';

import { batchNormStatistics } from './batch-norm-statistics.js';
import { channelStatistics, statisticsDistance } from './statistics-distance.js';

let runtime: TensorRuntime;
beforeAll(async () => {
  runtime = await createTensorRuntime({ prefer: 'embedded' });
});

/** The outputs of conv1 before its ReLU; the caller is in a tidy. */
function conv1Of(ann: Ann, x: Tensor4D): Tensor {
  let output: Tensor | undefined;
  annForward(runtime.tf, ann, annTensors(runtime.tf, ann.parameters), x, {
    activation: (current) => runtime.tf.relu((output = current)),
  });
  return output!;
}

/** A network with the statistics of what stands for its training images: bright on the left. */
function annWithStatistics(): Ann {
  const { tf } = runtime;
  const ann = tinyAnn();
  const random = testStream('training', 0);
  const conv1 = tf.tidy(() => {
    const pixels = Float32Array.from(
      { length: 40 * 36 },
      (_, i) => (i % 6 < 3 ? 0.6 : -0.2) + 0.2 * random.normal(),
    );
    const { mean, variance } = channelStatistics(
      tf,
      conv1Of(ann, tf.tensor4d(pixels, [40, 6, 6, 1])),
    );
    return {
      mean: mean.dataSync() as Float32Array,
      variance: variance.dataSync() as Float32Array,
    };
  });
  return { ...ann, statistics: { conv1 } };
}

type Options = z.input<typeof batchNormStatistics.options>;

async function generate(ann: Ann, options: Options) {
  const records: { meanLoss: number }[] = [];
  const context = {
    ...fakeContext(),
    record: (_: string, data: unknown) => void records.push(data as { meanLoss: number }),
  };
  const parsed = batchNormStatistics.options.parse({ samples: 24, ...options });
  const { images } = await batchNormStatistics.create({ runtime }, parsed).run(context, { ann });
  return { images, loss: records[0]!.meanLoss };
}

/** The distance of images' statistics from the stored ones. */
function distanceOf(ann: Ann, images: Images, distance: 'kl' | 'squared'): number {
  const { tf } = runtime;
  return tf.tidy(() => {
    const x = tf.tensor4d(images.pixels as Float32Array, [...images.shape]);
    const outputs = new Map([['conv1', conv1Of(ann, x)]]);
    return statisticsDistance(tf, outputs, ann.statistics!, {
      distance,
      epsilon: 1e-3,
    }).dataSync()[0]!;
  });
}

runStageContract(batchNormStatistics, {
  options: { samples: 4, iterations: 3 },
  dependencies: () => ({ runtime }),
  inputs: () => ({ ann: annWithStatistics() }),
});

describe('batch-norm-statistics', () => {
  it.each(['kl', 'squared'] as const)(
    'brings statistics close to the stored ones by %s',
    async (distance) => {
      const ann = annWithStatistics();
      const without = await generate(ann, { distance, statisticsWeight: 0, iterations: 60 });
      const matched = await generate(ann, { distance, statisticsWeight: 20, iterations: 60 });
      expect(distanceOf(ann, matched.images, distance)).toBeLessThan(
        0.1 * distanceOf(ann, without.images, distance),
      );
    },
  );

  it('lowers its loss', async () => {
    const ann = annWithStatistics();
    const { loss: first } = await generate(ann, { iterations: 1 });
    const { loss: last } = await generate(ann, { iterations: 60 });
    expect(last).toBeLessThan(0.7 * first);
  });

  it('says which networks it needs', async () => {
    await expect(generate(tinyAnn(), {})).rejects.toMatchObject({
      code: 'NO_STATISTICS',
      message: expect.stringContaining('tiny has none') as string,
    });
  });
});

describe('statisticsDistance', () => {
  const numbers = (length: number) =>
    fc
      .array(fc.double({ min: -2, max: 2, noNaN: true }), { minLength: length, maxLength: length })
      .map((values) => Float32Array.from(values));
  const measure = (
    values: Float32Array,
    statistics: ChannelStatistics,
    distance: 'kl' | 'squared',
  ): number =>
    runtime.tf.tidy(
      () =>
        statisticsDistance(
          runtime.tf,
          new Map<string, Tensor>([['layer', runtime.tf.tensor4d(values, [3, 2, 1, 2])]]),
          { layer: statistics },
          { distance, epsilon: 1e-2 },
        ).dataSync()[0]!,
    );
  const statisticsOf = (values: Float32Array): ChannelStatistics => {
    const channels = [0, 1].map((c) => [...values].filter((_, i) => i % 2 === c));
    const mean = channels.map((x) => x.reduce((a, b) => a + b) / x.length);
    const variance = channels.map(
      (x, c) => x.reduce((sum, v) => sum + (v - mean[c]!) ** 2, 0) / x.length,
    );
    return { mean: Float32Array.from(mean), variance: Float32Array.from(variance) };
  };

  it.each(['kl', 'squared'] as const)(
    'is 0 where statistics agree, else above it (%s)',
    (distance) => {
      fc.assert(
        fc.property(numbers(12), numbers(12), (values, other) => {
          expect(measure(values, statisticsOf(values), distance)).toBeCloseTo(0, 4);
          expect(measure(values, statisticsOf(other), distance)).toBeGreaterThan(-1e-5);
        }),
      );
    },
  );

  it('is the divergence of Gaussians, integrated numerically', () => {
    fc.assert(
      fc.property(numbers(12), numbers(12), (values, other) => {
        const [a, b] = [statisticsOf(values), statisticsOf(other)];
        const density = (x: number, mean: number, variance: number) =>
          Math.exp(-((x - mean) ** 2) / (2 * variance)) / Math.sqrt(2 * Math.PI * variance);
        const perChannel = [0, 1].map((c) => {
          const [v, w] = [a.variance[c]! + 1e-2, b.variance[c]! + 1e-2];
          const logRatio = (x: number) =>
            (Math.log(w / v) - (x - a.mean[c]!) ** 2 / v + (x - b.mean[c]!) ** 2 / w) / 2;
          const step = Math.sqrt(v) / 50;
          let sum = 0;
          for (let x = a.mean[c]! - 500 * step; x < a.mean[c]! + 500 * step; x += step) {
            sum += density(x, a.mean[c]!, v) * logRatio(x) * step;
          }
          return sum;
        });
        const expected = (perChannel[0]! + perChannel[1]!) / 2;
        expect(Math.abs(measure(values, b, 'kl') - expected)).toBeLessThan(
          1e-3 * Math.max(1, expected),
        );
      }),
      { numRuns: 20 },
    );
  });
});
