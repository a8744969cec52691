import fc from 'fast-check';
import { beforeAll, describe, expect, it } from 'vitest';

import {
  spikingChannels,
  type Images,
  type Layer,
  type Snn,
  type StageContext,
} from '@privatesnn/core';
import { createTensorRuntime, type TensorRuntime } from '@privatesnn/runtime-tfjs';
import { createReferenceEngine } from '@privatesnn/spiking';
import {
  expectSameAfterInterruption,
  fakeContext,
  runStageContract,
  testStream,
  tinySnn,
} from '@privatesnn/testkit';

import { folded } from './fold.js';
import { encodeBatch, initialNorms } from './network.js';
import { normalisedLayers } from './normalised-layers.js';
import { tdbnOptions } from './options.js';
import { tdbnStep } from './step.js';
import { tdbn } from './tdbn.js';

let runtime: TensorRuntime;
const engine = createReferenceEngine();
beforeAll(async () => {
  runtime = await createTensorRuntime({ prefer: 'embedded' });
});

/** Three classes: a bright band at the top, in the middle, or at the bottom. */
function bands(count: number): Images {
  const random = testStream('bands', 0);
  const labels = Int32Array.from({ length: count }, (_, i) => i % 3);
  const pixels = Float32Array.from({ length: count * 36 }, (_, i) => {
    const bright = Math.floor((i % 36) / 12) === labels[Math.floor(i / 36)];
    return (bright ? 0.5 : -0.5) + 0.3 * random.normal();
  }).map((x) => Math.max(-1, Math.min(1, x)));
  return {
    type: 'images',
    shape: [count, 6, 6, 1],
    pixels,
    range: [-1, 1],
    labels,
    classNames: ['class 0', 'class 1', 'class 2'],
    origin: 'real',
  };
}

const network = (changes: Partial<Snn> = {}): Snn => ({
  ...tinySnn({ timeSteps: 4 }),
  readout: { kind: 'mean', scale: 1 / 4 },
  ...changes,
});

/** A residual block: two convolutions, the second one linear, and the spikes of the first layer past them, with a gain. */
function residualNetwork(changes: Partial<Snn> = {}): Snn {
  const { architecture, parameters, thresholds, ...rest } = network(changes);
  const [conv, ...others] = architecture.layers;
  if (conv?.kind !== 'conv') throw new Error('The tiny network begins with a convolution.');
  const { outChannels: channels } = conv;
  const inner = (name: string, linear: boolean): Layer => ({
    kind: 'conv',
    ...{ name, inChannels: channels, outChannels: channels, kernel: 3, stride: 1 },
    ...{ padding: 1, bias: false, linear },
  });
  const layers: Layer[] = [
    conv,
    inner('a', false),
    inner('b', true),
    { kind: 'add', name: 'sum', from: ['b', conv.name] } as const,
    ...others,
  ];
  const weight = (seed: number) => ({
    shape: [3, 3, channels, channels],
    data: Float32Array.from(
      { length: 9 * channels ** 2 },
      (_, i) => 0.2 * Math.sin(seed + 7 * i * seed),
    ),
  });
  return {
    ...rest,
    architecture: { ...architecture, layers },
    parameters: { ...parameters, 'a.weight': weight(1), 'b.weight': weight(2) },
    thresholds: { ...thresholds, a: 0.8, sum: 1.2 },
    gains: { sum: [0.5, 1.5] },
  };
}

const quick = { epochs: 2, batchSize: 8 };

function train(options: object, context: StageContext = fakeContext()) {
  const instance = tdbn.create({ runtime, engine }, tdbn.options.parse({ ...quick, ...options }));
  return instance.run(context, { snn: network(), images: bands(24) });
}

runStageContract(tdbn, {
  options: quick,
  dependencies: () => ({ runtime, engine }),
  inputs: () => ({ snn: network(), images: bands(24) }),
});

describe('tdbn', () => {
  it.each(['sgd', 'adam'])('lowers the loss with %s', async (optimizer) => {
    const { history } = await train({ optimizer, epochs: 8, learningRate: 0.02 });
    const loss = history.lines[0]!.y as number[];
    expect(loss.at(-1)!).toBeLessThan(0.7 * loss[0]!);
  });

  it.each([
    { surrogate: 'triangle', gamma: 1 },
    { surrogate: 'exponential' },
    { surrogate: 'spike-time' },
    { loss: 'squared-error' },
  ])('lowers the loss with %o', async (part) => {
    const { history } = await train({ ...part, epochs: 8, learningRate: 0.02 });
    const loss = history.lines[0]!.y as number[];
    expect(loss.at(-1)!).toBeLessThan(0.9 * loss[0]!);
  });

  it('gives a network that the spiking engine runs as it was trained', async () => {
    const { snn, metrics } = await train({ epochs: 12, learningRate: 0.02, optimizer: 'adam' });
    const images = bands(24);
    const { potentials } = await createReferenceEngine().infer({
      snn,
      pixels: images.pixels as Float32Array,
      seed: 3,
    });
    const correct = images.labels.filter((label, i) => {
      const row = potentials.subarray(3 * i, 3 * i + 3);
      return row.indexOf(Math.max(...row)) === label;
    });
    expect(metrics.values['accuracy']!).toBeGreaterThan(0.8);
    expect(correct.length / 24).toBeGreaterThan(0.8);
  });

  it("folds a batch's statistics into a network with the same logits", async () => {
    const neurons = fc.record({
      kind: fc.constant('integrate-and-fire' as const),
      leak: fc.constantFrom(1, 0.5),
      reset: fc.constantFrom('soft' as const, 'delayed-soft' as const, 'hard' as const),
      firing: fc.constantFrom('strict' as const, 'inclusive' as const),
      initial: fc.constantFrom(0, 0.5),
    });
    await fc.assert(
      fc.asyncProperty(
        neurons,
        fc.constantFrom('constant' as const, 'poisson' as const),
        fc.constantFrom(0.5, 1, 2),
        fc.nat(1000),
        fc.constantFrom(network, residualNetwork),
        fc.boolean(),
        async (neuron, kind, alpha, seed, made, own) => {
          const plain = made({ neuron, encoder: { kind, range: [-1, 1] } });
          const channels = spikingChannels(plain.architecture).get('conv1')!;
          const conv1 = Array.from({ length: channels }, (_, c) => 0.75 - c / 2);
          const snn = { ...plain, ...(own ? { initialPotentials: { conv1 } } : {}) };
          const { pixels, labels } = bands(4);
          const weights = {
            ...Object.fromEntries(
              Object.entries(snn.parameters).map(([name, { data }]) => [name, data]),
            ),
            ...initialNorms(snn),
          };
          const options = tdbnOptions.parse({ alpha });
          const input = encodeBatch(snn, pixels as Float32Array, 4, seed);
          const step = tdbnStep(runtime.tf, snn, weights, input, labels, options);
          const { potentials } = await createReferenceEngine().infer({
            snn: folded(snn, weights, step.statistics, options),
            pixels: pixels as Float32Array,
            seed,
          });
          // A potential within rounding of θ may spike in one and not in the other.
          const near = potentials.filter((u, i) => Math.abs(u / 4 - step.logits[i]!) < 1e-4);
          expect(near.length).toBeGreaterThanOrEqual(potentials.length - 3);
        },
      ),
      { numRuns: 30 },
    );
  });

  it('brings currents to mean 0 and standard deviation α·θ, whatever the weights are', () => {
    const snn = network();
    const { pixels, labels } = bands(6);
    const weightsTimes = (factor: number) => ({
      'conv1.weight': snn.parameters['conv1.weight']!.data.map((w) => w * factor),
      'fc1.weight': snn.parameters['fc1.weight']!.data,
      ...initialNorms(snn),
    });
    const input = encodeBatch(snn, pixels as Float32Array, 6, 1);
    const options = tdbnOptions.parse({ epsilon: 1e-12 });
    const [one, eight] = [1, 8].map((factor) =>
      tdbnStep(runtime.tf, snn, weightsTimes(factor), input, labels, options),
    );
    eight!.logits.forEach((z, i) => expect(z).toBeCloseTo(one!.logits[i]!, 4));
    expect(eight!.statistics['conv1']!.mean[0]! / one!.statistics['conv1']!.mean[0]!).toBeCloseTo(
      8,
    );
  });

  it('gives each input of an add its part of the deviation', () => {
    const snn = residualNetwork();
    expect(normalisedLayers(snn).map(({ layer, threshold }) => [layer.name, threshold])).toEqual([
      ['conv1', snn.thresholds['conv1']],
      ['a', 0.8],
      ['b', 1.2 / (0.5 * Math.SQRT2)],
      ...Object.entries(snn.thresholds).filter(([name]) => name.startsWith('fc')),
    ]);
    const { pixels, labels } = bands(6);
    const weights = {
      ...Object.fromEntries(Object.entries(snn.parameters).map(([name, { data }]) => [name, data])),
      ...initialNorms(snn),
    };
    const input = encodeBatch(snn, pixels as Float32Array, 6, 1);
    const { statistics } = tdbnStep(runtime.tf, snn, weights, input, labels, tdbnOptions.parse({}));
    expect(Object.keys(statistics).sort()).toEqual(
      normalisedLayers(snn)
        .map(({ layer }) => layer.name)
        .sort(),
    );
  });

  it('trains a residual network, which the engine runs as it was trained', async () => {
    const options = { epochs: 12, learningRate: 0.02, optimizer: 'adam', batchSize: 8 };
    const instance = tdbn.create({ runtime, engine }, tdbn.options.parse(options));
    const inputs = { snn: residualNetwork(), images: bands(24) };
    const { snn, history, metrics } = await instance.run(fakeContext(), inputs);
    const loss = history.lines[0]!.y as number[];
    expect(loss.at(-1)!).toBeLessThan(0.7 * loss[0]!);
    expect(metrics.values['accuracyAfter']!).toBeGreaterThan(0.8);
    expect(snn.gains).toEqual(inputs.snn.gains);
    expect(Object.keys(snn.parameters)).toEqual(
      expect.arrayContaining(['a.bias', 'b.bias', 'conv1.bias']),
    );
  });

  it('gives the same network after an interruption as without', () =>
    expectSameAfterInterruption((context) => train({ epochs: 3 }, context)));

  it('does not take adaptive neurons', async () => {
    const neuron = {
      kind: 'adaptive',
      rest: 1,
      growth: 0.1,
      thresholdDecay: 0.9,
      refractoryDecay: 0.9,
      currentDecay: 0.9,
      membraneDecay: 0.5,
    } as const;
    const instance = tdbn.create({ runtime, engine }, tdbn.options.parse(quick));
    const inputs = { snn: network({ neuron }), images: bands(24) };
    await expect(instance.run(fakeContext(), inputs)).rejects.toMatchObject({
      code: 'ADAPTIVE_NEURON',
    });
  });

  it('does not take signed neurons', async () => {
    const instance = tdbn.create({ runtime, engine }, tdbn.options.parse(quick));
    const neuron: Snn['neuron'] = {
      ...{ kind: 'integrate-and-fire', leak: 1, reset: 'soft', firing: 'strict', initial: 0 },
      signed: true,
    };
    const inputs = { snn: network({ neuron }), images: bands(24) };
    await expect(instance.run(fakeContext(), inputs)).rejects.toMatchObject({
      code: 'SIGNED_NEURON',
    });
  });

  it('does not take a read-out that leaves out time-steps', async () => {
    const instance = tdbn.create({ runtime, engine }, tdbn.options.parse(quick));
    const readout = { kind: 'mean', scale: 1 / 3, after: 1 } as const;
    const inputs = { snn: network({ readout }), images: bands(24) };
    await expect(instance.run(fakeContext(), inputs)).rejects.toMatchObject({
      code: 'DELAYED_READOUT',
    });
  });

  it('does not train what it would run otherwise: gated max-pooling', async () => {
    const snn = network();
    const layers = snn.architecture.layers.map((layer): Layer =>
      layer.kind === 'average-pool' ? { kind: 'max-pool', size: layer.size, gated: true } : layer,
    );
    expect(layers).not.toEqual(snn.architecture.layers);
    const instance = tdbn.create({ runtime, engine }, tdbn.options.parse(quick));
    const inputs = {
      snn: { ...snn, architecture: { ...snn.architecture, layers } },
      images: bands(24),
    };
    await expect(instance.run(fakeContext(), inputs)).rejects.toMatchObject({
      code: 'GATED_POOLING',
    });
  });

  it('warns of a network that ends below its start, with both figures and the learning rate', async () => {
    const good = await train({ epochs: 12, learningRate: 0.02, optimizer: 'adam' });
    const instance = tdbn.create(
      { runtime, engine },
      tdbn.options.parse({ ...quick, learningRate: 30, optimizer: 'adam' }),
    );
    const context = fakeContext();
    const start = { ...good.snn, timeSteps: 4 };
    const { metrics } = await instance.run(context, { snn: start, images: bands(24) });
    const { accuracyBefore: before, accuracyAfter: after } = metrics.values;
    expect(before).toBe(good.metrics.values['accuracyAfter']);
    expect(after!).toBeLessThan(before!);
    expect(context.warnings.join('\n')).toMatch(
      /Training ended below its start: .* 24 images, fell from .* Lower learningRate \(it is 30\)/,
    );
    expect(good.metrics.values['accuracyAfter']!).toBeGreaterThan(
      good.metrics.values['accuracyBefore']!,
    );
  });

  it('leaves no tensor behind', async () => {
    const before = runtime.tf.memory().numTensors;
    await train({});
    expect(runtime.tf.memory().numTensors).toBe(before);
  });
});
