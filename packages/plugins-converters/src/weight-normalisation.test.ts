import fc from 'fast-check';
import { beforeAll, describe, expect, it } from 'vitest';

import type { Ann, Images } from '@privatesnn/core';
import {
  annLogits,
  createTensorRuntime,
  positiveActivations,
  type TensorRuntime,
} from '@privatesnn/runtime-tfjs';
import { createReferenceEngine, reconvertToAnn } from '@privatesnn/spiking';
import { fakeContext, runStageContract, waveAnn, waveImages } from '@privatesnn/testkit';

import { waveAnnWithBiases, waveAnnWithMaxPooling } from './testing/variants.js';
import { weightNormalisation } from './weight-normalisation.js';

const images = waveImages(6);

const runtime = () => createTensorRuntime({ prefer: 'embedded' });
let tensors: TensorRuntime;
beforeAll(async () => {
  tensors = await runtime();
});

function convert(options: object, ann: Ann = waveAnn) {
  const stage = weightNormalisation.create({ tensors }, weightNormalisation.options.parse(options));
  return stage.run(fakeContext(), { ann, images });
}

runStageContract(weightNormalisation, {
  dependencies: async () => ({ tensors: await runtime() }),
  inputs: { ann: waveAnn, images },
});

describe('weight-normalisation', () => {
  it.each(['percentile', 'data', 'model'] as const)(
    'gives, by %s, a ReLU network whose logits are the original ones divided by λ(L)',
    async (statistic) => {
      const { snn, scales } = await convert({ statistic });
      const original = await annLogits(tensors, waveAnn, images);
      const normalised = await annLogits(tensors, reconvertToAnn(snn), images);
      const last = scales.lines[0]!.y.at(-1)!;
      normalised.forEach((logit, i) => expect(logit).toBeCloseTo(original[i]! / last, 4));
    },
  );

  it('lets no activation of the normalised network exceed 1 for percentile 100', async () => {
    await fc.assert(
      fc.asyncProperty(fc.float({ min: 0.25, max: 4, noNaN: true }), async (factor) => {
        const parameters = {
          ...waveAnn.parameters,
          'conv1.weight': {
            ...waveAnn.parameters['conv1.weight']!,
            data: waveAnn.parameters['conv1.weight']!.data.map((w) => w * factor),
          },
        };
        const { snn } = await convert({ percentile: 100 }, { ...waveAnn, parameters });
        const logits = await annLogits(tensors, reconvertToAnn(snn), images);
        expect(Math.max(...logits)).toBeCloseTo(1, 4);
      }),
      { numRuns: 10 },
    );
  });

  it('allows for negative pixels by statistic: model, and for [0, 1] alone with modelInputs: unit', async () => {
    const scaleOf = async (options: object) =>
      (await convert({ statistic: 'model', ...options })).scales.lines[0]!.y[0]!;
    const { data } = waveAnn.parameters['conv1.weight']!;
    const largestSum = (size: (w: number) => number) =>
      Math.max(
        ...[0, 1, 2, 3].map((c) =>
          data.reduce((sum, w, i) => sum + (i % 4 === c ? size(w) : 0), 0),
        ),
      );
    const positive = largestSum((w) => Math.max(0, w));
    expect(await scaleOf({})).toBeCloseTo(largestSum(Math.abs), 5);
    expect(await scaleOf({ modelInputs: 'unit' })).toBeCloseTo(positive, 5);
    expect(await scaleOf({ encoderRange: 'unsigned' })).toBeCloseTo(positive, 5);
  });

  it('lets no activation exceed 1 by statistic: model, for any image in [-1, 1]', async () => {
    const { snn } = await convert({ statistic: 'model' });
    const normalised = reconvertToAnn(snn);
    const pixel = fc.double({ min: -1, max: 1, noNaN: true });
    const pixels = fc.array(fc.oneof(pixel, fc.constantFrom(-1, 1)), {
      minLength: 16,
      maxLength: 16,
    });
    await fc.assert(
      fc.asyncProperty(pixels, async (values) => {
        const image: Images = {
          ...waveImages(1),
          pixels: Float32Array.from(values),
        };
        const all = await positiveActivations(tensors, normalised, image, {
          batchSize: 1,
          signal: new AbortController().signal,
          onProgress: () => {},
        });
        for (const [batch] of Object.values(all)) {
          expect(Math.max(0, ...batch!)).toBeLessThanOrEqual(1 + 1e-5);
        }
      }),
    );
  });

  it('tends to the ANN as T grows', async () => {
    const { snn, scales } = await convert({ percentile: 100, timeSteps: 400 });
    const { potentials } = await createReferenceEngine().infer({
      snn,
      pixels: images.pixels as Float32Array,
      seed: 1,
    });
    const logits = await annLogits(tensors, waveAnn, images);
    const last = scales.lines[0]!.y.at(-1)!;
    potentials.forEach((u, i) => expect(u * snn.readout.scale).toBeCloseTo(logits[i]! / last, 1));
  });

  it('divides biases, too, by λ of their layer', async () => {
    const { snn, scales } = await convert({ statistic: 'data' }, waveAnnWithBiases);
    const original = await annLogits(tensors, waveAnnWithBiases, images);
    const normalised = await annLogits(tensors, reconvertToAnn(snn), images);
    const last = scales.lines[0]!.y.at(-1)!;
    normalised.forEach((logit, i) => expect(logit).toBeCloseTo(original[i]! / last, 4));
  });

  it('leaves the weights as they are, with thresholds of 1, for statistic: none', async () => {
    const { snn } = await convert({ statistic: 'none', leak: 0.99 });
    expect(snn.parameters).toEqual(waveAnn.parameters);
    expect(snn.thresholds).toEqual({ conv1: 1, fc1: 1 });
    expect(snn.neuron).toMatchObject({ leak: 0.99 });
  });

  it('refuses max-pooling unless it is allowed to pass any spike', async () => {
    await expect(convert({}, waveAnnWithMaxPooling)).rejects.toThrow(/without max-pooling/);
    await expect(
      convert({ maxPooling: 'any-spike' }, waveAnnWithMaxPooling),
    ).resolves.toBeDefined();
  });
});
