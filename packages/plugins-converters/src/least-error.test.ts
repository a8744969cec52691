import fc from 'fast-check';
import { beforeAll, describe, expect, it } from 'vitest';

import { spikingChannels, weightedLayers, type Ann, type Layer } from '@privatesnn/core';
import {
  annLogits,
  createTensorRuntime,
  visitActivations,
  type TensorRuntime,
} from '@privatesnn/runtime-tfjs';
import { createReferenceEngine, quantised, reconvertToAnn } from '@privatesnn/spiking';
import { fakeContext, runStageContract, waveAnn as ann, waveImages } from '@privatesnn/testkit';

import { channelMeans } from './activations.js';
import { leastError } from './least-error.js';
import { waveAnnWithBiases, waveAnnWithMaxPooling } from './testing/variants.js';

const images = waveImages(12);
const engine = createReferenceEngine();

let tensors: TensorRuntime;
beforeAll(async () => {
  tensors = await createTensorRuntime({ prefer: 'embedded' });
});

function convert(options: Record<string, unknown>, context = fakeContext(), from: Ann = ann) {
  const stage = leastError.create({ engine, tensors }, leastError.options.parse(options));
  return stage.run(context, { ann: from, images });
}

/** {@link ann} with clips of its two hidden layers. */
function clippedAt(maxima: readonly (number | undefined)[]): Ann {
  const clips = new Map(['conv1', 'fc1'].map((name, i) => [name, maxima[i]]));
  const layers = ann.architecture.layers.map((layer) => {
    const maximum = clips.get(layer.name ?? '');
    return maximum === undefined ? layer : ({ ...layer, maximum } as Layer);
  });
  return { ...ann, architecture: { ...ann.architecture, layers } };
}

/** Of each layer's channels, |mean activation − θ · mean rate|. */
async function missing({ snn, thresholds }: Awaited<ReturnType<typeof convert>>, from: Ann) {
  const options = leastError.options.parse({});
  const context = fakeContext();
  const search = { context, engine, tensors, ann: from, calibration: images, options };
  const means = await channelMeans(search, images);
  const layers = Object.keys(snn.thresholds);
  const pixels = images.pixels as Float32Array;
  const { raster } = await engine.infer({ snn, pixels, seed: 0, raster: layers });
  return layers.map((layer, at) => {
    const spikes = Int8Array.from(raster[layer]!);
    const channels = means[layer]!.length;
    const sums = new Float64Array(channels);
    spikes.forEach((spike, i) => (sums[i % channels]! += spike));
    const unit = (thresholds.lines[0]!.y[at]! * channels) / spikes.length;
    return [...means[layer]!].map((mean, c) => Math.abs(mean - unit * sums[c]!));
  });
}

runStageContract(leastError, {
  dependencies: async () => ({
    engine: createReferenceEngine(),
    tensors: await createTensorRuntime({ prefer: 'embedded' }),
  }),
  inputs: { ann, images },
  options: {
    timeSteps: 4,
    ...{ weights: 'calibrated', weightSteps: 5, biases: 'calibrated', potentials: 'calibrated' },
  },
});

describe('least-error', () => {
  it('changes neither weights nor what the network stands for', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.integer({ min: 1, max: 12 }),
        fc.double({ min: 0.3, max: 2, noNaN: true }),
        async (timeSteps, scale) => {
          const { snn } = await convert({ timeSteps, scale }, fakeContext(), waveAnnWithBiases);
          for (const { name } of weightedLayers(snn.architecture)) {
            expect(snn.parameters[`${name}.weight`]).toEqual(
              waveAnnWithBiases.parameters[`${name}.weight`],
            );
          }
          const original = await annLogits(tensors, waveAnnWithBiases, images);
          const back = await annLogits(tensors, reconvertToAnn(snn), images);
          back.forEach((logit, i) => expect(logit).toBeCloseTo(original[i]!, 4));
        },
      ),
      { numRuns: 10 },
    );
  });

  it('loses less at few time-steps with spikes that can be taken back', async () => {
    const explained = { binary: 0, signed: 0 };
    for (const spikes of ['binary', 'signed'] as const) {
      for (const timeSteps of [2, 4, 6, 8]) {
        const { snn, metrics } = await convert({ timeSteps, spikes }, fakeContext());
        explained[spikes] += metrics.values['explained'] as number;
        expect('signed' in snn.neuron).toBe(spikes === 'signed');
      }
    }
    expect(explained.signed).toBeGreaterThan(explained.binary);
  });

  it('calibrates weights of the network that is deployed, for the thresholds of the given ones', async () => {
    const options = { timeSteps: 2, scale: 1 };
    const given = await convert(options, fakeContext(), waveAnnWithBiases);
    const wanted = { ...options, weights: 'calibrated', weightRate: 0.01 };
    const found = await convert(wanted, fakeContext(), waveAnnWithBiases);
    expect(found.thresholds).toEqual(given.thresholds);
    expect(found.snn.parameters).not.toEqual(given.snn.parameters);
    const { parameters } = reconvertToAnn(found.snn);
    expect(parameters['conv1.weight']).toEqual(found.snn.parameters['conv1.weight']);
    expect(found.snn.parameters['fc2.weight']).toEqual(given.snn.parameters['fc2.weight']);
  });

  it('gives neurons the probe that is wanted, and bills it', async () => {
    const options = { timeSteps: 4, scale: 1 };
    const plain = await convert(options, fakeContext());
    const probed = await convert({ ...options, probeSteps: 4 }, fakeContext());
    expect(plain.snn.neuron).not.toHaveProperty('probeSteps');
    expect(probed.snn).toEqual({
      ...plain.snn,
      neuron: { ...plain.snn.neuron, probeSteps: 4 },
      readout: probed.snn.readout,
    });
    const ratio = ({ metrics }: typeof plain) => metrics.values['energyRatio'] as number;
    expect(ratio(probed)).toBeLessThan(ratio(plain));
  });

  it('reads after the time-steps that are wanted, with a scale that is fitted to that', async () => {
    const options = { timeSteps: 6, scale: 1 };
    const plain = await convert(options, fakeContext());
    const late = await convert({ ...options, readoutAfter: 2 }, fakeContext());
    const { scale } = late.snn.readout;
    expect(late.snn).toEqual({ ...plain.snn, readout: { kind: 'fitted', scale, after: 2 } });
    expect(plain.snn.readout).not.toHaveProperty('after');
    expect(scale / plain.snn.readout.scale).toBeGreaterThan(1);
    expect(late.metrics.values['energyRatio']).toBe(plain.metrics.values['energyRatio']);
    const mean = await convert({ ...options, readoutAfter: 2, readout: 'mean' }, fakeContext());
    expect(mean.snn.readout).toEqual({ kind: 'mean', scale: 1 / 4, after: 2 });
  });

  it.each([{ timeSteps: 4 }, { timeSteps: 'auto', timeStepCandidates: [8, 4] }])(
    'refuses to read after all time-steps of %o',
    (steps) => {
      const { error } = leastError.options.safeParse({ ...steps, readoutAfter: 4 });
      expect(error?.issues).toMatchObject([
        { path: ['readoutAfter'], message: 'expected less than T = 4' },
      ]);
      expect(leastError.options.safeParse({ ...steps, readoutAfter: 3 }).success).toBe(true);
    },
  );

  it.each([
    [{ leak: 0.9 }, 'leak', /probeSteps: 2 asks for leak: 1/],
    [{ reset: 'hard' }, 'reset', /probeSteps: 2 asks for reset: soft/],
    [{ spikes: 'signed' }, 'spikes', /probeSteps: 2 asks for spikes: binary/],
    [{ timeSteps: 1 }, 'probeSteps', /at most T = 1/],
    [{ timeSteps: 'auto', timeStepCandidates: [4, 1] }, 'probeSteps', /at most T = 1/],
  ])('refuses a probe with %o', (changed, option, message) => {
    const { error } = leastError.options.safeParse({ timeSteps: 4, probeSteps: 2, ...changed });
    expect(error?.issues).toHaveLength(1);
    expect(error?.issues[0]).toMatchObject({
      path: [option],
      message: expect.stringMatching(message) as string,
    });
  });

  it('gives channels thresholds of their own, and the network still stands for the ANN', async () => {
    const context = fakeContext();
    const options = { timeSteps: 4, scale: 1 };
    const layer = await convert(options, context, waveAnnWithBiases);
    const channel = await convert(
      { ...options, thresholds: 'channel' },
      context,
      waveAnnWithBiases,
    );
    expect(channel.snn.thresholds).toEqual(layer.snn.thresholds);
    expect(channel.snn.parameters).not.toEqual(layer.snn.parameters);
    const original = await annLogits(tensors, waveAnnWithBiases, images);
    const back = await annLogits(tensors, reconvertToAnn(channel.snn), images);
    back.forEach((logit, i) => expect(logit).toBeCloseTo(original[i]!, 4));
    // With many time-steps no threshold matters any more.
    const many = { ...options, timeSteps: 256, thresholds: 'channel' };
    const { metrics } = await convert(many, context, waveAnnWithBiases);
    expect(metrics.values['explained']).toBeGreaterThan(0.98);
    expect(metrics.values['agreement']).toBe(1);
  });

  it('takes, with thresholds: clip, the clips, so that rates are activations rounded to T + 1 levels', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.integer({ min: 1, max: 12 }),
        fc.double({ min: 0.1, max: 1.5, noNaN: true }),
        fc.double({ min: 0.1, max: 1.5, noNaN: true }),
        async (timeSteps, ...maxima) => {
          const from = clippedAt(maxima);
          const options = { ...leastError.presets!['clipped'], timeSteps };
          const { snn, thresholds } = await convert(options, fakeContext(), from);
          expect(thresholds.lines[0]!.y).toEqual(maxima);
          const pixels = images.pixels as Float32Array;
          const { raster } = await engine.infer({ snn, pixels, seed: 0, raster: ['conv1'] });
          // Of one image the sum over its time-steps, [images, T, neurons].
          const rates = (image: number, neuron: number) => {
            let sum = 0;
            for (let t = 0; t < timeSteps; t++) {
              sum += raster['conv1']![(image * timeSteps + t) * 64 + neuron]!;
            }
            return (maxima[0]! * sum) / timeSteps;
          };
          const currents: number[] = [];
          const linear = clippedAt([1e6, 1e6]);
          const pass = { batchSize: 12, signal: new AbortController().signal, onProgress() {} };
          await visitActivations(tensors, linear, images, pass, (layer, values) => {
            if (layer === 'conv1') currents.push(...values);
          });
          const quantisation = { timeSteps, initial: 0.5 };
          currents.forEach((current, i) => {
            const level = (current * timeSteps) / maxima[0]! + 0.5;
            if (Math.abs(level - Math.round(level)) < 1e-3) return;
            const expected = quantised(current, maxima[0]!, quantisation);
            expect(rates(Math.floor(i / 64), i % 64)).toBeCloseTo(expected, 5);
          });
        },
      ),
      { numRuns: 10 },
    );
  });

  it('refuses thresholds: clip where a ReLU has none, naming its layer', async () => {
    const from = clippedAt([0.5, undefined]);
    await expect(convert({ thresholds: 'clip' }, fakeContext(), from)).rejects.toMatchObject({
      code: 'NO_CLIP',
      message: expect.stringContaining('dense "fc1"') as string,
    });
  });

  it('multiplies every threshold by the scale', async () => {
    const unitsAt = async (scale: number) =>
      (await convert({ timeSteps: 4, scale })).thresholds.lines[0]!.y;
    const [once, twice] = [await unitsAt(1), await unitsAt(2)];
    twice.forEach((unit, i) => expect(unit).toBeCloseTo(2 * once[i]!, 6));
  });

  it.each([ann, waveAnnWithBiases])('follows the ANN with many time-steps', async (from) => {
    const { metrics } = await convert({ timeSteps: 128, scale: 1 }, fakeContext(), from);
    expect(metrics.values['explained']).toBeGreaterThan(0.98);
    expect(metrics.values['agreement']).toBe(1);
  });

  it('brings the mean rate of no channel of the first layer further from its mean activation', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.integer({ min: 1, max: 12 }),
        fc.double({ min: 0.5, max: 1.5, noNaN: true }),
        fc.constantFrom(ann, waveAnnWithBiases),
        fc.constantFrom('binary', 'signed'),
        async (timeSteps, scale, from, spikes) => {
          const left = async (options: object) =>
            missing(
              await convert({ timeSteps, scale, spikes, ...options }, fakeContext(), from),
              from,
            );
          const before = await left({});
          const biases = await left({ biases: 'calibrated' });
          const potentials = await left({ potentials: 'calibrated' });
          const both = await left({ biases: 'calibrated', potentials: 'calibrated' });
          for (const [better, worse] of [
            [biases, before],
            [potentials, before],
            [both, biases],
          ] as const) {
            better[0]!.forEach((value, c) =>
              expect(value).toBeLessThanOrEqual(worse[0]![c]! + 1e-6),
            );
          }
        },
      ),
      { numRuns: 6 },
    );
  });

  // What is mended in one layer may cost another: of all layers together this holds for most settings only.
  it.each(['biases', 'potentials'])('brings mean rates closer by calibrated %s', async (what) => {
    const sum = (layers: number[][]) => layers.flat().reduce((a, b) => a + b);
    for (const from of [ann, waveAnnWithBiases]) {
      const left = async (options: object) => {
        const converted = await convert(
          { timeSteps: 4, scale: 1, ...options },
          fakeContext(),
          from,
        );
        return sum(await missing(converted, from));
      };
      expect(await left({ [what]: 'calibrated' })).toBeLessThan(await left({}));
    }
  });

  it('gives every channel an initial potential with potentials: calibrated, and none without', async () => {
    const options = { timeSteps: 4, scale: 1, initialPotential: 0.25 };
    const { snn } = await convert({ ...options, potentials: 'calibrated' });
    const channels = [...spikingChannels(snn.architecture)];
    expect(Object.entries(snn.initialPotentials!).map(([name, v]) => [name, v.length])).toEqual(
      channels,
    );
    const all = Object.values(snn.initialPotentials!).flat();
    expect(all.some((v) => v !== 0.25)).toBe(true);
    const plain = await convert(options);
    expect(plain.snn.initialPotentials).toBeUndefined();
    expect(snn.parameters).toEqual(plain.snn.parameters);
  });

  it('changes nothing where rates are right, also when biases see fewer images', async () => {
    const options = { timeSteps: 1024, scale: 1, biasSamples: 3, samples: 12 };
    const calibrated = await convert({ ...options, biases: 'calibrated' });
    const { parameters, thresholds } = calibrated.snn;
    const unit = calibrated.thresholds.lines[0]!.y[0]!;
    expect(parameters['conv1.bias']!.data.every((b) => Math.abs(b) < 0.02 * unit)).toBe(true);
    const part = Math.max(...parameters['fc1.bias']!.data.map(Math.abs)) / thresholds['fc1']!;
    expect(part).toBeLessThan(0.02);
  });

  it('takes, with scale: auto, the candidate that explains most of the logits', async () => {
    const scaleCandidates = [3, 1, 0.5];
    const explained = [];
    for (const scale of scaleCandidates) {
      explained.push(
        (await convert({ timeSteps: 8, scale })).metrics.values['explained'] as number,
      );
    }
    const chosen = (await convert({ timeSteps: 8, scaleCandidates })).metrics.values;
    expect(chosen['explained']).toBe(Math.max(...explained));
    expect(scaleCandidates).toContain(chosen['scale']);
  });

  it('takes, with timeSteps: auto, the first that loses no more than is allowed', async () => {
    const timeStepCandidates = [1, 2, 4, 8, 16, 32];
    const agreements = [];
    for (const timeSteps of timeStepCandidates) {
      agreements.push((await convert({ timeSteps })).metrics.values['agreement'] as number);
    }
    for (const allowedLoss of [0, 10, 50]) {
      const context = fakeContext();
      const auto = { timeSteps: 'auto', timeStepCandidates, allowedLoss };
      const { snn } = await convert(auto, context);
      const first = agreements.findIndex((agreement) => agreement >= 1 - allowedLoss / 100);
      expect(snn.timeSteps).toBe(timeStepCandidates.at(first));
      expect(context.warnings.some((text) => text.includes('loses at most'))).toBe(first < 0);
    }
  });

  it('takes, with leastEnergyRatio, the last before one that takes too much energy', async () => {
    const timeStepCandidates = [1, 2, 4, 8, 16];
    const ratios: number[] = [];
    for (const timeSteps of timeStepCandidates) {
      ratios.push((await convert({ timeSteps })).metrics.values['energyRatio'] as number);
    }
    expect(ratios).toEqual(ratios.toSorted((a, b) => b - a));
    await fc.assert(
      fc.asyncProperty(
        fc.integer({ min: 0, max: 5 }),
        fc.double({ min: 0.01, max: 0.99, noNaN: true }),
        async (place, part) => {
          // Between two neighbours, above all, or below all.
          const [above, below] = [ratios[place - 1] ?? 2 * ratios[0]!, ratios[place] ?? 0];
          const leastEnergyRatio = below + part * (above - below);
          const context = fakeContext();
          const budget = { allowedLoss: 0, timeStepCandidates, leastEnergyRatio };
          const { snn, metrics } = await convert({ timeSteps: 'auto', ...budget }, context);
          expect(snn.timeSteps).toBe(timeStepCandidates[Math.max(0, place - 1)]);
          const warnings = context.warnings.join();
          expect(warnings.includes('where leastEnergyRatio asks for')).toBe(place === 0);
          const isLoss = metrics.values['agreement'] !== 1;
          expect(warnings.includes('take too much energy')).toBe(isLoss && place < 5);
        },
      ),
      { numRuns: 12 },
    );
  });

  it('keeps to leastEnergyRatio where a candidate does, in any order and whatever they lose', async () => {
    const all = [1, 2, 4, 8];
    const ratios = new Map<number, number>();
    for (const timeSteps of all) {
      const { values } = (await convert({ timeSteps })).metrics;
      ratios.set(timeSteps, values['energyRatio'] as number);
    }
    await fc.assert(
      fc.asyncProperty(
        fc.shuffledSubarray(all, { minLength: 1 }),
        fc.constantFrom(...all),
        fc.constantFrom(0, 100),
        async (timeStepCandidates, bound, allowedLoss) => {
          const budget = { allowedLoss, timeStepCandidates, leastEnergyRatio: ratios.get(bound)! };
          const context = fakeContext();
          const { snn } = await convert({ timeSteps: 'auto', ...budget }, context);
          const fits = timeStepCandidates.some((timeSteps) => timeSteps <= bound);
          expect(snn.timeSteps <= bound).toBe(fits);
          expect(context.warnings.join().includes('leastEnergyRatio asks for')).toBe(!fits);
        },
      ),
      { numRuns: 20 },
    );
  });

  it('says so where nothing keeps to the budget', async () => {
    const context = fakeContext();
    const auto = { timeSteps: 'auto', timeStepCandidates: [1], scale: 50, allowedLoss: 0 };
    const { snn } = await convert(auto, context);
    expect(snn.timeSteps).toBe(1);
    expect(context.warnings.join()).toMatch(/up to 1 loses at most 0 %/);
    expect(context.warnings.join()).toMatch(/for only \d+ % of the calibration images: raise/);
  });

  it('advises spikes that can be taken back, or a probe, to a poor network that could have them', async () => {
    const adviceOn = async (options: Record<string, unknown>) => {
      const context = fakeContext();
      await convert({ timeSteps: 1, scale: 50, ...options }, context);
      return context.warnings.join();
    };
    const signed =
      /only \d+ % .*raise timeSteps, or let neurons take spikes back \(spikes: signed\)/;
    const probe = /, or let them learn from a probe where to start \(probeSteps: T\)\./;

    expect(await adviceOn({})).toMatch(new RegExp(signed.source + probe.source));
    expect(await adviceOn({ probeSteps: 1 })).toMatch(new RegExp(`${signed.source}\\.`));
    for (const other of [{ spikes: 'signed' }, { reset: 'hard' }, { leak: 0.9 }]) {
      expect(await adviceOn(other)).toMatch(/only \d+ % .*raise timeSteps\./);
    }
  });

  it('refuses max-pooling, and layers of the ANN that give nothing', async () => {
    await expect(convert({}, fakeContext(), waveAnnWithMaxPooling)).rejects.toThrow(/max-pooling/);
    const weight = ann.parameters['conv1.weight']!;
    const silent: Ann = {
      ...ann,
      parameters: {
        ...ann.parameters,
        'conv1.weight': { ...weight, data: weight.data.map(() => 0) },
      },
    };
    await expect(convert({}, fakeContext(), silent)).rejects.toThrow(
      /Layer "conv1" of the ANN gives nothing above 0/,
    );
  });
});
