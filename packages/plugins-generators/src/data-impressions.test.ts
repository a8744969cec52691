import { annLogits, createTensorRuntime, type TensorRuntime } from '@privatesnn/runtime-tfjs';
import { digestOf, fakeContext, runStageContract, tinyAnn } from '@privatesnn/testkit';
import { beforeAll, describe, expect, it } from 'vitest';
import type { z } from 'zod';

import { dataImpressions } from './data-impressions.js';
import { dataImpressionsPresets } from './presets.js';

let runtime: TensorRuntime;
beforeAll(async () => {
  runtime = await createTensorRuntime({ prefer: 'embedded' });
});

type Options = z.input<typeof dataImpressions.options>;

const quick: Options = {
  ...dataImpressionsPresets.tuned,
  samples: 7,
  batchSize: 3,
  iterations: 6,
  stopAtLoss: 0,
};

runStageContract(dataImpressions, {
  options: quick,
  dependencies: () => ({ runtime }),
  inputs: () => ({ ann: tinyAnn() }),
});

async function generate(options: Options, context = fakeContext()) {
  const stage = dataImpressions.create({ runtime }, dataImpressions.options.parse(options));
  return (await stage.run(context, { ann: tinyAnn() })).images;
}

async function crossEntropy(images: Awaited<ReturnType<typeof generate>>): Promise<number> {
  const logits = await annLogits(runtime, tinyAnn(), images);
  const classes = images.classNames.length;
  let total = 0;
  for (let i = 0; i < images.shape[0]; i++) {
    const row = [...logits.subarray(i * classes, (i + 1) * classes)];
    const logSum = Math.log(row.reduce((sum, v) => sum + Math.exp(v), 0));
    row.forEach((v, c) => (total -= images.softLabels![i * classes + c]! * (v - logSum)));
  }
  return total / images.shape[0];
}

describe('data-impressions', () => {
  it('comes closer to its soft labels the longer it runs', async () => {
    const options = { ...quick, samples: 12, blurEvery: 0, batchSize: 12 };
    const short = await crossEntropy(await generate({ ...options, iterations: 1 }));
    const long = await crossEntropy(await generate({ ...options, iterations: 40 }));
    expect(long).toBeLessThan(short);
  });

  it('gives soft labels on the simplex, and one-hot targets where labels are hard', async () => {
    const soft = (await generate(quick)).softLabels!;
    for (let i = 0; i < 7; i++) {
      expect(soft.subarray(3 * i, 3 * i + 3).reduce((a, b) => a + b)).toBeCloseTo(1, 6);
    }
    const hard = await generate({ ...quick, labels: 'hard' });
    hard.labels.forEach((label, i) => expect(hard.softLabels![3 * i + label]).toBe(1));
  });

  it('stops each image at the loss it is given', async () => {
    const context = fakeContext();
    await generate({ ...quick, stopAtLoss: 100 }, context);
    const steps = context.events.map(({ data }) => data['meanSteps']);
    expect(steps).toEqual([0, 0, 0]);
  });

  it('counts the divergence from the soft labels, which is never negative, where told so', async () => {
    const context = fakeContext();
    await generate({ ...quick, stopMeasure: 'divergence', labels: 'hard' }, context);
    const hard = context.events.map(({ data }) => data['meanLoss'] as number);
    const plain = fakeContext();
    await generate({ ...quick, stopMeasure: 'cross-entropy', labels: 'hard' }, plain);
    // A one-hot label has no entropy.
    expect(hard).toEqual(plain.events.map(({ data }) => data['meanLoss']));
    const soft = fakeContext();
    const images = await generate({ ...quick, stopMeasure: 'divergence', samples: 3 }, soft);
    const entropy = -images.softLabels!.reduce((sum, p) => sum + (p > 0 ? p * Math.log(p) : 0), 0);
    const crossEntropies = fakeContext();
    await generate({ ...quick, stopMeasure: 'cross-entropy', samples: 3 }, crossEntropies);
    const [divergence, crossEntropy] = [soft, crossEntropies].map(
      ({ events }) => events[0]!.data['meanLoss'] as number,
    );
    expect(divergence).toBeGreaterThanOrEqual(0);
    expect(divergence).toBeCloseTo(crossEntropy! - entropy / 3, 5);
  });

  it('clips only at the end where it is told so', async () => {
    const images = await generate({
      ...quick,
      projection: 'clip-at-end',
      learningRate: 1,
      iterations: 10,
    });
    expect(images.pixels.every((value) => value >= -1 && value <= 1)).toBe(true);
  });

  it('goes on from a checkpoint with the same result', async () => {
    const whole = await generate(quick);
    let saved: unknown;
    const first = fakeContext();
    await generate(quick, {
      ...first,
      saveCheckpoint: async (state) => void (saved ??= structuredClone(state)),
    });
    const context = fakeContext({ checkpoint: saved });
    const resumed = await generate(quick, context);
    expect(digestOf(resumed)).toBe(digestOf(whole));
    expect(context.events.length).toBe(2);
  });

  it('leaves no tensor behind', async () => {
    const before = runtime.tf.memory().numTensors;
    await generate(quick);
    expect(runtime.tf.memory().numTensors).toBe(before);
  });
});
