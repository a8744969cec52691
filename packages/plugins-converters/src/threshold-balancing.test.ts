import fc from 'fast-check';
import { beforeAll, describe, expect, it } from 'vitest';

import type { Ann, Images, StageContext } from '@privatesnn/core';
import { annLogits, createTensorRuntime, type TensorRuntime } from '@privatesnn/runtime-tfjs';
import { createReferenceEngine, reconvertToAnn } from '@privatesnn/spiking';
import { fakeContext, runStageContract, waveAnn as ann, waveImages } from '@privatesnn/testkit';

import { waveAnnWithBiases, waveAnnWithMaxPooling } from './testing/variants.js';
import { thresholdBalancing } from './threshold-balancing.js';

const images = waveImages(6);

let tensors: TensorRuntime;
beforeAll(async () => {
  tensors = await createTensorRuntime({ prefer: 'embedded' });
});

function convert(
  options: Record<string, unknown>,
  context: StageContext = fakeContext(),
  from: Ann = ann,
) {
  const stage = thresholdBalancing.create(
    { engine: createReferenceEngine(), tensors },
    thresholdBalancing.options.parse({ timeSteps: 40, ...options }),
  );
  return stage.run(context, { ann: from, images });
}

runStageContract(thresholdBalancing, {
  dependencies: async () => ({
    engine: createReferenceEngine(),
    tensors: await createTensorRuntime({ prefer: 'embedded' }),
  }),
  inputs: { ann, images },
  options: { timeSteps: 8 },
});

describe('threshold-balancing', () => {
  it("keeps the ANN's weights and gives every layer but the last a threshold", async () => {
    const { snn } = await convert({});
    expect(snn.parameters).toEqual(ann.parameters);
    expect(Object.keys(snn.thresholds)).toEqual(['conv1', 'fc1']);
    expect(snn.readout).toEqual({ kind: 'sum', scale: 1 });
  });

  it('multiplies the largest current of the first layer by the scale', async () => {
    const full = await convert({ scale: 1 });
    const half = await convert({ scale: 0.5 });
    expect(half.snn.thresholds['conv1']).toBeCloseTo(0.5 * full.snn.thresholds['conv1']!, 6);
  });

  it('multiplies every threshold of a balance at scale 1, with scaleApplied: afterwards', async () => {
    const full = await convert({ scale: 1 });
    const layers = Object.keys(full.snn.thresholds);
    await fc.assert(
      fc.asyncProperty(fc.double({ min: 0.05, max: 3, noNaN: true }), async (scale) => {
        const { snn } = await convert({ scale, scaleApplied: 'afterwards' });
        for (const layer of layers)
          expect(snn.thresholds[layer]).toBe(Math.fround(scale * full.snn.thresholds[layer]!));
      }),
      { numRuns: 10 },
    );
  });

  it('balances later layers on the spikes of scaled ones, with scaleApplied: while-balancing', async () => {
    const full = await convert({ scale: 1 });
    const { snn } = await convert({ scale: 0.4, scaleApplied: 'while-balancing' });
    expect(snn.thresholds['fc1']).not.toBeCloseTo(0.4 * full.snn.thresholds['fc1']!, 3);
  });

  it.each(['while-balancing', 'afterwards'])('keeps biases in proportion, %s', async (when) => {
    const options = { scale: 0.6, scaleApplied: when, encoder: 'constant' };
    const { snn } = await convert(options, fakeContext(), waveAnnWithBiases);
    const original = await annLogits(tensors, waveAnnWithBiases, images);
    const back = await annLogits(tensors, reconvertToAnn(snn), images);
    back.forEach((logit, i) => expect(logit).toBeCloseTo(original[i]!, 4));
  });

  it('says so where the network does not follow its ANN, and what to change', async () => {
    const poor = fakeContext();
    await convert(
      { timeSteps: 4, calibrationSteps: 4, scale: 'auto', scaleCandidates: [30] },
      poor,
    );
    expect(poor.warnings.join()).toMatch(/At 4 time-steps .* only \d+ % .*initialPotential: 0.5/);
    expect(poor.warnings.join()).toContain('add lower scaleCandidates');
    const good = fakeContext();
    await convert({ timeSteps: 100, encoder: 'constant' }, good);
    expect(good.warnings).toEqual([]);
  });

  it('chooses, with scale: auto, the candidate that explains most of the logits', async () => {
    const candidates = [1.5, 0.7, 0.4];
    const explained = [];
    for (const scale of candidates)
      explained.push((await convert({ scale })).metrics.values['explained']!);
    const chosen = (await convert({ scale: 'auto', scaleCandidates: candidates })).metrics.values;
    expect(chosen['explained']).toBe(Math.max(...(explained as number[])));
    expect(candidates).toContain(chosen['scale']);
  });

  it('reads after the time-steps that are wanted, and brings a fitted scale to those that are read', async () => {
    const late = { readout: 'fitted', encoder: 'constant', readoutAfter: 5 } as const;
    const short = await convert({ ...late, timeSteps: 25 });
    const long = await convert({ ...late, timeSteps: 105, calibrationSteps: 25 });
    expect(short.snn.readout).toMatchObject({ kind: 'fitted', after: 5 });
    expect(long.snn.readout.scale / short.snn.readout.scale).toBeCloseTo(20 / 100, 6);
    const { error } = thresholdBalancing.options.safeParse({ ...late, calibrationSteps: 5 });
    expect(error?.issues).toMatchObject([{ path: ['readoutAfter'] }]);
    const delayed = thresholdBalancing.options.safeParse({ ...late, layerDelay: true });
    expect(delayed.error?.issues).toMatchObject([{ path: ['readoutAfter'] }]);
  });

  it('fits the read-out so that scaled potentials are as large as the logits', async () => {
    const { snn } = await convert({ readout: 'fitted', timeSteps: 60, scale: 0.8 });
    expect(snn.readout.kind).toBe('fitted');
    expect(snn.readout.scale).toBeGreaterThan(0);
    expect(snn.readout.scale).toBeLessThan(1);
  });

  it('names the layer that no image reaches', async () => {
    const dark = { ...images, pixels: new Float32Array(96) };
    const stage = thresholdBalancing.create(
      { engine: createReferenceEngine(), tensors },
      thresholdBalancing.options.parse({ timeSteps: 5 }),
    );
    await expect(stage.run(fakeContext(), { ann, images: dark })).rejects.toThrow(
      /"conv1" received no positive input current from 6 calibration images in 5 time-steps/,
    );
  });

  it('refuses images of another shape', async () => {
    const stage = thresholdBalancing.create(
      { engine: createReferenceEngine(), tensors },
      thresholdBalancing.options.parse({}),
    );
    const other: Images = { ...images, shape: [6, 2, 8, 1] };
    await expect(stage.run(fakeContext(), { ann, images: other })).rejects.toThrow(
      /takes images of 4 × 4 × 1 .* but received 2 × 8 × 1/,
    );
  });

  it('refuses a scale of 0 and T = 0', () => {
    expect(thresholdBalancing.options.safeParse({ scale: 0 }).success).toBe(false);
    expect(thresholdBalancing.options.safeParse({ timeSteps: 0 }).success).toBe(false);
  });

  it('tends to the ANN as T grows, biases included', async () => {
    const options = { encoder: 'constant', timeSteps: 800, scale: 1 };
    const { snn } = await convert(options, fakeContext(), waveAnnWithBiases);
    const { potentials } = await createReferenceEngine().infer({
      snn,
      pixels: images.pixels as Float32Array,
      seed: 1,
    });
    const scale = snn.thresholds['conv1']! * snn.thresholds['fc1']!;
    const logits = await annLogits(tensors, waveAnnWithBiases, images);
    potentials.forEach((u, i) => expect((u * scale) / 800).toBeCloseTo(logits[i]!, 1));
  });

  it('gives an SNN whose re-converted ANN is the original one, biases included', async () => {
    const { snn } = await convert({}, fakeContext(), waveAnnWithBiases);
    const original = await annLogits(tensors, waveAnnWithBiases, images);
    const back = await annLogits(tensors, reconvertToAnn(snn), images);
    back.forEach((logit, i) => expect(logit).toBeCloseTo(original[i]!, 4));
  });

  it('refuses max-pooling unless it is allowed to pass any spike', async () => {
    await expect(convert({}, fakeContext(), waveAnnWithMaxPooling)).rejects.toThrow(
      /without max-pooling, but tiny has 1 max-pooling layer, which/,
    );
    const { snn } = await convert(
      { maxPooling: 'any-spike' },
      fakeContext(),
      waveAnnWithMaxPooling,
    );
    expect(Object.keys(snn.thresholds)).toEqual(['conv1', 'fc1']);
  });
});
