import { annLogits, createTensorRuntime, type TensorRuntime } from '@privatesnn/runtime-tfjs';
import { fakeContext, runStageContract, tinyAnn } from '@privatesnn/testkit';
import type { Tensor4D } from '@tensorflow/tfjs-core';
import { beforeAll, expect, it } from 'vitest';

import { smoothnessPrior, totalVariationPrior } from './image-priors.js';
import { inception } from './inception.js';

let runtime: TensorRuntime;
beforeAll(async () => {
  runtime = await createTensorRuntime({ prefer: 'embedded' });
});

runStageContract(inception, {
  options: { samples: 4, iterations: 3 },
  dependencies: () => ({ runtime }),
  inputs: () => ({ ann: tinyAnn() }),
});

it('has priors that are 0 for constant images and grow with contrast', () => {
  const { tf } = runtime;
  tf.tidy(() => {
    const constant = tf.fill([1, 4, 4, 2], 0.3) as Tensor4D;
    const checks = tf.tensor4d(
      Array.from({ length: 16 }, (_, i) => ((i + (i >> 2)) % 2) - 0.5),
      [1, 4, 4, 1],
    );
    const priors = [
      totalVariationPrior,
      (...[t, x]: [typeof tf, Tensor4D]) => smoothnessPrior(t, x, 1),
    ];
    for (const prior of priors) {
      expect(prior(tf, constant).dataSync()[0]).toBeCloseTo(0, 10);
      const [weak, strong] = [1, 2].map((k) => prior(tf, tf.mul(checks, k)).dataSync()[0]!);
      expect(weak).toBeGreaterThan(0);
      expect(strong).toBeCloseTo(4 * weak!, 5);
    }
    // Every neighbour of a chess board differs by 1, down and to the right.
    expect(totalVariationPrior(tf, checks).dataSync()[0]).toBeCloseTo(2, 6);
  });
});

it.each(['smoothness', 'total-variation'] as const)('is smoother with more %s', async (prior) => {
  const { tf } = runtime;
  const roughness = async (priorWeight: number) => {
    const options = inception.options.parse({ samples: 6, iterations: 30, prior, priorWeight });
    const { images } = await inception
      .create({ runtime }, options)
      .run(fakeContext(), { ann: tinyAnn() });
    return tf.tidy(
      () =>
        totalVariationPrior(
          tf,
          tf.tensor4d(images.pixels as Float32Array, [...images.shape]),
        ).dataSync()[0]!,
    );
  };
  expect(await roughness(50)).toBeLessThan(await roughness(0));
});

it('stops at the cross-entropy, whatever the prior adds to the loss', async () => {
  const { classes } = tinyAnn().architecture;
  const run = async (stopAtLoss: number, priorWeight: number, learningRate = 1e-6) => {
    const context = fakeContext();
    const options = inception.options.parse({
      samples: 6,
      iterations: 3,
      stopAtLoss,
      priorWeight,
      learningRate,
    });
    const { images } = await inception
      .create({ runtime }, options)
      .run(context, { ann: tinyAnn() });
    const { meanSteps, meanLoss } = context.events[0]!.data as Record<string, number>;
    return { images, meanSteps: meanSteps!, meanLoss: meanLoss! };
  };
  // Steps this small leave the images as they start.
  const { images } = await run(0, 0);
  const logits = await annLogits(runtime, tinyAnn(), images);
  const crossEntropies = Array.from(images.labels, (label, i) => {
    const row = [...logits.subarray(i * classes, (i + 1) * classes)];
    return Math.log(row.reduce((sum, v) => sum + Math.exp(v), 0)) - row[label]!;
  });
  const largest = Math.max(...crossEntropies);
  const smallest = Math.min(...crossEntropies);
  const above = await run(largest + 1e-3, 1000);
  expect(above.meanLoss).toBeGreaterThan(largest + 1);
  expect(above.meanSteps).toBe(0);
  expect((await run(smallest - 1e-3, 1000)).meanSteps).toBe(3);
});
