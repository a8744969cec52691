import fc from 'fast-check';
import { beforeAll, describe, expect, it } from 'vitest';

import type { Ann, Snn } from '@privatesnn/core';
import { annLogits, createTensorRuntime, type TensorRuntime } from '@privatesnn/runtime-tfjs';
import { adaptiveActivation, createReferenceEngine, reconvertToAnn } from '@privatesnn/spiking';
import { fakeContext, runStageContract, waveAnn, waveImages } from '@privatesnn/testkit';

import { adaptiveSpiking } from './adaptive-spiking.js';
import { waveAnnWithBiases, waveAnnWithMaxPooling } from './testing/variants.js';
import { thresholdBalancing } from './threshold-balancing.js';
import { weightNormalisation } from './weight-normalisation.js';

const images = waveImages(6);

const runtime = () => createTensorRuntime({ prefer: 'embedded' });
let tensors: TensorRuntime;
beforeAll(async () => {
  tensors = await runtime();
});

function convert(options: object = {}, ann: Ann = waveAnn) {
  const stage = adaptiveSpiking.create({ tensors }, adaptiveSpiking.options.parse(options));
  return stage.run(fakeContext(), { ann, images });
}

/** What the network gives for the tiny images, scaled by the read-out. */
async function logitsOf(snn: Snn): Promise<number[]> {
  const { potentials } = await createReferenceEngine().infer({
    snn,
    pixels: images.pixels as Float32Array,
    seed: 1,
  });
  return Array.from(potentials, (u) => u * snn.readout.scale);
}

runStageContract(adaptiveSpiking, {
  dependencies: async () => ({ tensors: await runtime() }),
  inputs: { ann: waveAnn, images },
});

describe('adaptive-spiking', () => {
  it('takes the time constants of the original as decays a time-step', async () => {
    const { snn } = await convert();
    expect(snn.neuron).toMatchObject({
      thresholdDecay: Math.exp(-1 / 15),
      refractoryDecay: Math.exp(-1 / 50),
      currentDecay: Math.exp(-1 / 50),
      membraneDecay: Math.exp(-1 / 2.5),
    });
    expect((await convert({ tauMembrane: 0 })).snn.neuron).toMatchObject({ membraneDecay: 0 });
  });

  it('gives the logits of the ANN, where thresholds are fine and do not grow', async () => {
    for (const ann of [waveAnn, waveAnnWithBiases]) {
      const { snn } = await convert(
        { threshold: 0.03, growth: 0, percentile: 100, timeSteps: 300 },
        ann,
      );
      const logits = await annLogits(tensors, ann, images);
      const size = Math.max(...logits.map(Math.abs));
      (await logitsOf(snn)).forEach((logit, i) =>
        expect(Math.abs(logit - logits[i]!)).toBeLessThan(0.07 * size),
      );
    }
  });

  it('can read the mean over time', async () => {
    const options = { threshold: 0.03, growth: 0, percentile: 100, timeSteps: 400 };
    const filtered = await convert(options);
    const { snn } = await convert({ ...options, readout: 'mean' });
    expect(snn.readout).toEqual({ kind: 'mean', scale: 1 / 400 });
    const scale = filtered.snn.readout.scale;
    const logits = await annLogits(tensors, waveAnn, images);
    const size = Math.max(...logits.map(Math.abs));
    (await logitsOf(snn)).forEach((u, i) =>
      expect(Math.abs(u * scale - logits[i]!)).toBeLessThan(0.1 * size),
    );
  });

  it('keeps the weights, so that re-conversion gives the trained ANN back', async () => {
    const { snn } = await convert({}, waveAnnWithBiases);
    const back = reconvertToAnn(snn).parameters;
    for (const [name, { data }] of Object.entries(waveAnnWithBiases.parameters)) {
      data.forEach((value, i) => expect(back[name]!.data[i]).toBeCloseTo(value, 5));
    }
  });

  it('passes `matchAt` unchanged, whatever the neuron', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.constantFrom(0.25, 0.5, 1),
        fc.double({ min: 0, max: 0.2, noNaN: true }),
        fc.double({ min: 0.05, max: 0.2, noNaN: true }),
        async (matchAt, growth, threshold) => {
          const { transfer } = await convert({ matchAt, growth, threshold });
          const at = transfer.x.indexOf(matchAt);
          expect(Math.abs(transfer.lines[0]!.y[at]! / matchAt - 1)).toBeLessThan(1e-3);
          expect(transfer.lines[0]!.y[0]).toBe(0);
        },
      ),
      { numRuns: 12 },
    );
  });

  it('says so where the threshold lets nothing through', async () => {
    await expect(convert({ threshold: 2.5 })).rejects.toMatchObject({ code: 'ADAPTIVE_THRESHOLD' });
  });

  it('says which layer is silent', async () => {
    const parameters = {
      ...waveAnn.parameters,
      'fc1.weight': { shape: [16, 8], data: new Float32Array(128) },
    };
    await expect(convert({}, { ...waveAnn, parameters })).rejects.toMatchObject({
      code: 'SILENT_LAYER',
      message: expect.stringContaining('fc1') as string,
    });
  });

  it('refuses max-pooling unless it is allowed to pass any spike', async () => {
    await expect(convert({}, waveAnnWithMaxPooling)).rejects.toThrow(/without max-pooling/);
    await expect(
      convert({ maxPooling: 'any-spike' }, waveAnnWithMaxPooling),
    ).resolves.toBeDefined();
  });

  describe('of a network that was trained with adaptive neurons', () => {
    const activation = adaptiveActivation(
      adaptiveSpiking.options.parse({ threshold: 0.1, growth: 0.1, tauCurrent: 30 }),
    );
    const trained = (ann: Ann): Ann => ({ ...ann, activation });
    const convertWithout = async (options: object, ann: Ann) => {
      const stage = adaptiveSpiking.create({ tensors }, adaptiveSpiking.options.parse(options));
      const context = fakeContext();
      return { ...(await stage.run(context, { ann, images: undefined })), infos: context.infos };
    };

    it('follows it, with its neurons and without images', async () => {
      for (const weak of [waveAnn, waveAnnWithBiases]) {
        // Activations of 1 and more, where the transfer function is no straight line any more.
        const { shape, data } = weak.parameters['conv1.weight']!;
        const strong = { shape, data: data.map((w) => 4 * w) };
        const plain = { ...weak, parameters: { ...weak.parameters, 'conv1.weight': strong } };
        const ann = trained(plain);
        const { snn, metrics } = await convertWithout({ timeSteps: 300 }, ann);
        expect(snn.neuron).toEqual(activation.neuron);
        expect(snn.thresholds).toEqual({ conv1: activation.spikeHeight, fc1: 1 });
        expect(metrics.values).toMatchObject({ spikeHeight: activation.spikeHeight, samples: 0 });
        const logits = await annLogits(tensors, ann, images);
        const size = Math.max(...logits.map(Math.abs));
        const spiking = await logitsOf(snn);
        spiking.forEach((logit, i) =>
          expect(Math.abs(logit - logits[i]!)).toBeLessThan(0.12 * size),
        );
        // Nearer than to the same network with ReLUs.
        const relus = await annLogits(tensors, plain, images);
        const away = (from: Float32Array) =>
          Math.hypot(...spiking.map((logit, i) => logit - from[i]!));
        expect(away(logits)).toBeLessThan(0.5 * away(relus));
      }
    });

    it('is the same for any images, and says that options change nothing', async () => {
      const ann = trained(waveAnnWithBiases);
      const { snn, infos } = await convertWithout({}, ann);
      expect((await convert({ threshold: 0.3, percentile: 50 }, ann)).snn).toEqual(snn);
      expect(infos).toEqual([expect.stringContaining('threshold, growth') as string]);
    });

    it('comes back by re-conversion, transfer function included', async () => {
      const ann = trained(waveAnnWithBiases);
      const back = reconvertToAnn((await convertWithout({}, ann)).snn);
      expect(back.activation).toEqual(activation);
      for (const [name, { data }] of Object.entries(ann.parameters)) {
        data.forEach((value, i) => expect(back.parameters[name]!.data[i]).toBeCloseTo(value, 5));
      }
    });

    it.each([
      ['threshold-balancing', thresholdBalancing],
      ['weight-normalisation', weightNormalisation],
    ] as const)('is refused by %s', async (_, stage) => {
      const dependencies = { tensors, engine: createReferenceEngine() };
      const instance = stage.create(dependencies, stage.options.parse({}) as never);
      await expect(
        instance.run(fakeContext(), { ann: trained(waveAnn), images }),
      ).rejects.toMatchObject({
        code: 'ANN_ACTIVATION',
        hint: expect.stringContaining('adaptive-spiking') as string,
      });
    });
  });

  it('wants images for a network of ReLUs', async () => {
    const stage = adaptiveSpiking.create({ tensors }, adaptiveSpiking.options.parse({}));
    await expect(
      stage.run(fakeContext(), { ann: waveAnn, images: undefined }),
    ).rejects.toMatchObject({
      code: 'CALIBRATION_IMAGES',
    });
  });
});
