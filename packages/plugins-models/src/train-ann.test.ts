import { beforeAll, describe, expect, it } from 'vitest';

import { weightedLayers, type Images } from '@privatesnn/core';
import { annLogits, createTensorRuntime, type TensorRuntime } from '@privatesnn/runtime-tfjs';
import { adaptiveActivation, countMatches, predictedClasses } from '@privatesnn/spiking';
import { digestOf, fakeContext, runStageContract, testStream } from '@privatesnn/testkit';

import { trainAnn } from './train-ann.js';
import { trainingRate } from './training-rate.js';

let runtime: TensorRuntime;
beforeAll(async () => {
  runtime = await createTensorRuntime({ prefer: 'embedded' });
});

/** Two classes: bright on the left, or bright on the right, with noise. */
function sides(count: number, seed = 0): Images {
  const random = testStream('sides', seed);
  const labels = Int32Array.from({ length: count }, (_, i) => i % 2);
  const pixels = new Uint8Array(count * 64);
  for (let i = 0; i < pixels.length; i++) {
    const bright = i % 8 < 4 === (labels[i >> 6] === 0);
    pixels[i] = random.integer(100) + (bright ? 155 : 0);
  }
  return {
    type: 'images',
    shape: [count, 8, 8, 1],
    pixels,
    range: [0, 255],
    labels,
    classNames: ['left', 'right'],
    origin: 'real',
  };
}

const small = { width: 0.06, hidden: 8, batchSize: 8, epochs: 3, learningRate: 0.02 };

async function run(options: Record<string, unknown> = {}, context = fakeContext({ stage: 'ann' })) {
  const instance = trainAnn.create({ runtime }, trainAnn.options.parse({ ...small, ...options }));
  const outputs = await instance.run(context, { images: sides(40), validation: sides(20, 1) });
  return { ...outputs, context };
}

runStageContract(trainAnn, {
  options: { ...small, epochs: 1, shift: 1, flip: true },
  dependencies: () => ({ runtime }),
  inputs: () => ({ images: sides(12) }),
});

describe('train-ann', () => {
  it.each(['sgd', 'adam'])('learns with %s', async (optimizer) => {
    const learningRate = optimizer === 'adam' ? 0.01 : 0.02;
    const options = { optimizer, learningRate, epochs: 6, dropout: 0, classifierDropout: 0.1 };
    const { metrics, history, context } = await run(options);
    expect(metrics.values['validationAccuracy']).toBe(1);
    expect(history.x).toEqual([1, 2, 3, 4, 5, 6]);
    expect(history.lines.map(({ name }) => name)).toEqual([
      'training loss',
      'training accuracy',
      'validation accuracy',
    ]);
    const loss = history.lines[0]!.y as number[];
    expect(loss.at(-1)).toBeLessThan(loss[0]!);
    expect(context.steps.at(-1)).toMatchObject({ done: 30, total: 30 });
    expect(context.steps.at(-1)!.note).toMatch(/^epoch 6\/6, loss 0\.\d{3}, accuracy .* %$/);
  });

  it('learns with max-pooling', async () => {
    const options = { pooling: 'max', epochs: 6, dropout: 0, classifierDropout: 0.1 };
    const { ann, metrics } = await run(options);
    expect(ann.architecture.layers.map(({ kind }) => kind)).toContain('max-pool');
    expect(metrics.values['validationAccuracy']).toBe(1);
  });

  it.each([
    ['vgg5', { batchNorm: true, dropout: 0, classifierDropout: 0 }],
    ['resnet20', { hidden: null, width: 0.2 }],
    ['resnet18', { hidden: null }],
    ['resnet19', { width: 0.03 }],
  ])('learns %s with batch normalisation, which is folded', async (architecture, options) => {
    const { ann, metrics } = await run({ architecture, epochs: 6, ...options });
    expect(metrics.values['validationAccuracy']).toBe(1);
    const images = sides(20, 1);
    const logits = await annLogits(runtime, ann, images);
    expect(countMatches(predictedClasses(logits, 2), images.labels)).toBe(20);
    const weighted = weightedLayers(ann.architecture);
    expect(weighted.slice(0, -1).every(({ bias }) => bias)).toBe(true);
    expect(Object.keys(ann.statistics!)).toEqual(weighted.slice(0, -1).map(({ name }) => name));
    expect(Object.keys(ann.parameters).join()).not.toContain('batch-norm');
  });

  it('warns of a network that ends below its start, resumed or not', async () => {
    // Weights fall to nearly nothing: every image gets the same class, or none.
    const options = {
      learningRate: 5,
      weightDecay: 0.19,
      momentum: 0,
      epochs: 2,
      schedule: 'constant',
    };
    const { context, ann } = await run(options);
    expect(ann.parameters).toBeDefined();
    expect(context.warnings.join('\n')).toMatch(
      /Training ended below its start: .* on 40 images, fell from \d.* %\. Lower learningRate \(it is 5\)/,
    );
    const good = await run({ epochs: 6, dropout: 0, classifierDropout: 0.1 });
    expect(good.context.warnings.join()).not.toContain('below its start');
  });

  it('learns with the transfer function of adaptive neurons, and stores it', async () => {
    const options = { activation: 'adaptive', epochs: 6, dropout: 0, classifierDropout: 0.1 };
    const { ann, metrics } = await run({ ...options, tauCurrent: 20 });
    expect(metrics.values['validationAccuracy']).toBe(1);
    const activation = adaptiveActivation(trainAnn.options.parse({ tauCurrent: 20 }));
    expect(ann.activation).toEqual(activation);
    // What the weights were trained for: with ReLUs the same weights fit the images less.
    const images = sides(20, 1);
    const logits = await annLogits(runtime, ann, images);
    expect(countMatches(predictedClasses(logits, 2), images.labels)).toBe(20);
    const { activation: _, ...relus } = ann;
    expect(await annLogits(runtime, relus, images)).not.toEqual(logits);
    expect((await run({ epochs: 1 })).ann).not.toHaveProperty('activation');
  });

  it('refuses a transfer function through which nothing can be trained', async () => {
    const options = { activation: 'adaptive', epochs: 1 };
    await expect(run({ ...options, tauRefractory: 0 })).rejects.toMatchObject({
      code: 'ADAPTIVE_TRANSFER',
    });
    await expect(run({ ...options, threshold: 2.5 })).rejects.toMatchObject({
      code: 'ADAPTIVE_THRESHOLD',
    });
  });

  it.each([false, true])('goes on from a checkpoint to the same weights, %s', async (batchNorm) => {
    const options = { shift: 1, optimizer: 'adam', batchNorm };
    const whole = await run(options);
    const stop = new AbortController();
    const first = fakeContext({ stage: 'ann', signal: stop.signal });
    const save = first.saveCheckpoint.bind(first);
    let epochs = 0;
    first.saveCheckpoint = async (state) => {
      await save(state);
      if (++epochs === 2) stop.abort();
    };
    await expect(run(options, first)).rejects.toThrow(/abort/);
    const checkpoint = await first.loadCheckpoint();
    const second = await run(options, fakeContext({ stage: 'ann', checkpoint }));
    expect(second.context.infos).toEqual(['Training goes on after epoch 2.']);
    expect(digestOf(second.ann)).toBe(digestOf(whole.ann));
    expect(second.history).toEqual(whole.history);
  });

  it('shrinks weights that get no gradient by weight decay alone', async () => {
    const free = await run({ epochs: 1 });
    const decayed = await run({ epochs: 1, weightDecay: 0.5 });
    const norm = ({ ann }: typeof free) => Math.hypot(...ann.parameters['fc1.weight']!.data);
    expect(norm(decayed)).toBeLessThan(norm(free));
  });

  it('stops with a hint when the loss is not finite', async () => {
    await expect(run({ learningRate: 1e20 })).rejects.toMatchObject({
      code: 'TRAINING_DIVERGED',
      message: expect.stringMatching(/^The loss became .* in epoch 1, batch \d/) as string,
      hint: expect.stringContaining('Lower "learningRate" (it is 100000000000000000000)') as string,
    });
  });

  it('refuses validation images of another shape, and images too small for the network', async () => {
    const instance = trainAnn.create({ runtime }, trainAnn.options.parse(small));
    const other = { ...sides(4), shape: [16, 4, 4, 1] as const };
    await expect(
      instance.run(fakeContext(), { images: sides(4), validation: other }),
    ).rejects.toMatchObject({ code: 'IMAGE_SHAPE' });
    await expect(run({ architecture: 'vgg16' })).rejects.toMatchObject({
      code: 'INPUT_TOO_SMALL',
    });
  });
});

describe('trainingRate', () => {
  const rate = (schedule: string, epoch: number, part = 0) =>
    trainingRate(
      trainAnn.options.parse({ schedule, epochs: 10, learningRate: 1, milestones: [0.5, 0.8] }),
      epoch,
      part,
    );

  it('follows its schedule', () => {
    expect(rate('constant', 9)).toBe(1);
    expect([4, 5, 7, 8].map((epoch) => rate('step', epoch))).toEqual([1, 0.1, 0.1, 0.01]);
    expect(rate('cosine', 0)).toBe(1);
    expect(rate('cosine', 5)).toBeCloseTo(0.5);
    expect(rate('cosine', 9, 0.999)).toBeCloseTo(0, 4);
  });
});
