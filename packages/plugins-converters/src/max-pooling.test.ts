import fc from 'fast-check';
import { beforeAll, describe, expect, it } from 'vitest';

import {
  pixelsIn,
  spikingLayers,
  type Ann,
  type Architecture,
  type Images,
  type Snn,
} from '@privatesnn/core';
import { annLogits, createTensorRuntime, type TensorRuntime } from '@privatesnn/runtime-tfjs';
import { createEngine, fitReadout, reconvertToAnn, type SpikingEngine } from '@privatesnn/spiking';
import {
  arbitraryGraph,
  arbitraryParameters,
  classNames,
  fakeContext,
  testStream,
} from '@privatesnn/testkit';

import { leastError } from './least-error.js';
import { maxPoolingAdvice, withMaxPooling, type MaxPooling } from './max-pooling.js';
import { thresholdBalancing } from './threshold-balancing.js';
import { weightNormalisation } from './weight-normalisation.js';

let engine: SpikingEngine;
let tensors: TensorRuntime;
beforeAll(async () => {
  engine = await createEngine({ implementation: 'wasm', threads: 0 });
  tensors = await createTensorRuntime({ prefer: 'embedded', threads: 1 });
});

const imagesFor = ({ inputShape, classes }: Architecture, count: number): Images => {
  const random = testStream('images');
  const size = inputShape.reduce((product, side) => product * side, count);
  return {
    type: 'images',
    shape: [count, ...inputShape],
    pixels: Float32Array.from({ length: size }, () => random.uniform()),
    range: [0, 1],
    labels: Int32Array.from({ length: count }, (_, i) => i % classes),
    classNames: classNames(classes),
    origin: 'synthetic',
  };
};

const anns = arbitraryGraph({
  kinds: ['conv', 'conv', 'max-pool', 'max-pool', 'add', 'dense'],
  gated: false,
}).chain((architecture) =>
  arbitraryParameters(architecture).map((parameters): Ann => ({
    type: 'ann',
    architecture,
    parameters,
    inputRange: [0, 1],
    classNames: classNames(architecture.classes),
  })),
);

describe('withMaxPooling', () => {
  it('leaves an ANN what it computes', async () => {
    let changed = 0;
    await fc.assert(
      fc.asyncProperty(
        anns,
        fc.constantFrom<MaxPooling>('any-spike', 'gated', 'currents'),
        async (ann, maxPooling) => {
          let made: Ann;
          try {
            made = withMaxPooling({ maxPooling }, ann);
          } catch (error) {
            expect(error).toMatchObject({ code: 'MAX_POOLING_CURRENTS' });
            expect(maxPooling).toBe('currents');
            return;
          }
          if (made !== ann) changed++;
          const images = imagesFor(ann.architecture, 3);
          expect(await annLogits(tensors, made, images)).toEqual(
            await annLogits(tensors, ann, images),
          );
        },
      ),
      { numRuns: 200 },
    );
    expect(changed).toBeGreaterThan(5);
  });

  it('puts neurons behind, whatever takes the maximum', () => {
    const { architecture } = withMaxPooling({ maxPooling: 'currents' }, network);
    expect(architecture.layers.slice(0, 4)).toMatchObject([
      { name: 'conv1', linear: true },
      { kind: 'max-pool', from: ['conv1'] },
      { name: 'conv1 neurons', groups: 6, maximum: 1.5 },
      { name: 'conv2', from: ['conv1 neurons'] },
    ]);
    expect(architecture.layers[0]).not.toHaveProperty('maximum');
    expect(spikingLayers(architecture).map(({ name }) => name)).toEqual([
      'conv1 neurons',
      'conv2 neurons',
    ]);
  });

  it('says which max-pooling neurons cannot be put behind', () => {
    const currents = { maxPooling: 'currents' } as const;
    const layers = network.architecture.layers;
    const of = (changed: Architecture['layers']): Ann => ({
      ...network,
      architecture: { ...network.architecture, layers: changed },
    });
    expect(() => withMaxPooling(currents, of([{ kind: 'max-pool', size: 1 }, ...layers]))).toThrow(
      'it is not neurons that are before layer 1 (max-pool) of pooled',
    );
    const taken = [
      layers[0]!,
      layers[1]!,
      { kind: 'max-pool', name: 'other', from: ['conv1'], size: 2 } as const,
      { kind: 'add', name: 'sum', from: ['other', 'pool1'] } as const,
      ...layers.slice(2),
    ];
    expect(() => withMaxPooling(currents, of(taken))).toThrow(
      '2 layers take the neurons before max-pool "pool1" of pooled',
    );
    expect(() => withMaxPooling({ maxPooling: 'refuse' }, network)).toThrow(
      expect.objectContaining({
        message: expect.stringContaining('pooled has 2 max-pooling layers') as string,
        hint: expect.stringContaining('gated, currents or any-spike') as string,
      }) as Error,
    );
  });
});

describe('how often neurons behind a max-pooling spike, where the larger of two pixels is ½', () => {
  const timeSteps = 100;
  /** Convolutions of one pixel that hand it on, of which the last is pooled. */
  const spikes = async (maxPooling: MaxPooling, convolutions: number) => {
    const one = { kind: 'conv', kernel: 1, stride: 1, padding: 0, bias: false } as const;
    const names = Array.from({ length: convolutions }, (_, i) => `conv${i}`);
    const ann = withMaxPooling(
      { maxPooling },
      {
        ...network,
        architecture: {
          name: 'one',
          inputShape: [1, 2, 1],
          classes: 1,
          layers: [
            ...names.map((name) => ({ ...one, name, inChannels: 1, outChannels: 1 })),
            { kind: 'max-pool', size: [1, 2] },
            { ...one, name: 'behind', inChannels: 1, outChannels: 1 },
            { ...one, name: 'output', inChannels: 1, outChannels: 1 },
          ],
        },
        parameters: Object.fromEntries(
          [...names, 'behind', 'output'].map((name) => [
            `${name}.weight`,
            { shape: [1, 1, 1, 1], data: Float32Array.of(1) },
          ]),
        ),
        classNames: ['one'],
      },
    );
    const snn: Snn = {
      ...{ type: 'snn', architecture: ann.architecture, parameters: ann.parameters, timeSteps },
      thresholds: Object.fromEntries(spikingLayers(ann.architecture).map(({ name }) => [name, 1])),
      neuron: { kind: 'integrate-and-fire', leak: 1, reset: 'soft', firing: 'strict', initial: 0 },
      encoder: { kind: 'constant', range: [0, 1] },
      readout: { kind: 'sum', scale: 1 },
      classNames: ['one'],
    };
    const pixels = Float32Array.of(0.5, 0.375);
    const { activity } = await engine.infer({ snn, pixels, seed: 0 });
    return activity.at(-1)!.spikes;
  };

  it('is half of the time-steps where the largest current is always the same one', async () => {
    expect(Math.abs((await spikes('currents', 1)) - timeSteps / 2)).toBeLessThanOrEqual(2);
  });

  it('is more where spikes cause the currents, and for any spike, but not with gates', async () => {
    expect(await spikes('currents', 2)).toBeGreaterThan(0.55 * timeSteps);
    expect(await spikes('any-spike', 2)).toBeGreaterThan(0.55 * timeSteps);
    expect(Math.abs((await spikes('gated', 2)) - timeSteps / 2)).toBeLessThanOrEqual(3);
  });
});

it('advises gates where more passes than the maximum', () => {
  const advice = (maxPooling: MaxPooling, ann = network, spikes: 'binary' | 'signed' = 'binary') =>
    maxPoolingAdvice({ maxPooling, spikes }, ann);
  expect(advice('currents')).toContain('take maxPooling: gated');
  expect(advice('any-spike')).toContain('take maxPooling: gated');
  expect(advice('gated')).toBeUndefined();
  expect(advice('currents', network, 'signed')).toContain('gated and spikes: binary');
  const layers = network.architecture.layers.filter(({ kind }) => kind !== 'max-pool');
  const plain = { ...network, architecture: { ...network.architecture, layers } };
  expect(advice('currents', plain)).toBeUndefined();
});

const random = testStream('weights');
const weights = (...shape: number[]) => {
  const length = shape.reduce((product, side) => product * side, 1);
  const deviation = Math.sqrt((2 * shape.at(-1)!) / length);
  return { shape, data: Float32Array.from({ length }, () => deviation * random.normal()) };
};
const conv = { kind: 'conv', kernel: 3, stride: 1, padding: 1, bias: false } as const;
const network: Ann = {
  type: 'ann',
  architecture: {
    name: 'pooled',
    inputShape: [8, 8, 2],
    classes: 4,
    layers: [
      { ...conv, name: 'conv1', inChannels: 2, outChannels: 6, maximum: 1.5 },
      { kind: 'max-pool', name: 'pool1', size: 2 },
      { ...conv, name: 'conv2', inChannels: 6, outChannels: 8 },
      { kind: 'max-pool', size: 2 },
      { kind: 'flatten' },
      { kind: 'dense', name: 'output', inputs: 32, outputs: 4, bias: false },
    ],
  },
  parameters: {
    'conv1.weight': weights(3, 3, 2, 6),
    'conv2.weight': weights(3, 3, 6, 8),
    'output.weight': weights(32, 4),
  },
  inputRange: [0, 1],
  classNames: classNames(4),
};

describe.each(['least-error', 'threshold-balancing', 'weight-normalisation'])('%s', (id) => {
  const common = { timeSteps: 200, encoder: 'constant', initialPotential: 0.5 };
  const images = imagesFor(network.architecture, 16);
  const convert = async (maxPooling: MaxPooling, neuron: Record<string, unknown> = {}) => {
    const given = { ann: network, images };
    const wanted = { ...common, ...neuron, maxPooling };
    switch (id) {
      case 'least-error': {
        const options = leastError.options.parse({ ...wanted, scale: 1.15 });
        return (await leastError.create({ engine, tensors }, options).run(fakeContext(), given))
          .snn;
      }
      case 'threshold-balancing': {
        const options = thresholdBalancing.options.parse({ ...wanted, scale: 1 });
        const stage = thresholdBalancing.create({ engine, tensors }, options);
        return (await stage.run(fakeContext(), given)).snn;
      }
      default: {
        const options = weightNormalisation.options.parse({ ...wanted, percentile: 100 });
        return (await weightNormalisation.create({ tensors }, options).run(fakeContext(), given))
          .snn;
      }
    }
  };
  const explained = async (maxPooling: MaxPooling, neuron: Record<string, unknown> = {}) => {
    const snn = await convert(maxPooling, neuron);
    const logits = await annLogits(tensors, network, images);
    // Thresholds of least error clip elsewhere.
    if (id !== 'least-error') {
      const again = await annLogits(tensors, reconvertToAnn(snn), images);
      const factor = logits[0]! / again[0]!;
      logits.forEach((logit, i) => expect(again[i]! * factor).toBeCloseTo(logit, 3));
    }
    const pixels = pixelsIn(images, snn.encoder.range);
    const { potentials } = await engine.infer({ snn, pixels, seed: 0 });
    return fitReadout(potentials, logits, 4).explained;
  };

  it('follows the ANN with gates, less so with any spike; re-conversion undoes it', async () => {
    const gated = await explained('gated');
    expect(gated).toBeGreaterThan(0.98);
    expect(await explained('any-spike')).toBeLessThan(gated);
  });

  it('converts with currents', async () => {
    expect(await explained('currents')).toBeGreaterThan(0.6);
  });

  it('puts signed neurons behind currents, and refuses them before another max-pooling', async () => {
    const signed = { spikes: 'signed' };
    expect((await convert('currents', signed)).neuron).toMatchObject({ signed: true });
    for (const maxPooling of ['gated', 'any-spike'] as const) {
      await expect(convert(maxPooling, signed)).rejects.toMatchObject({
        code: 'SIGNED_MAX_POOLING',
      });
    }
  });

  it.each([
    [{ leak: 0.9 }, 'asks for leak: 1'],
    [{ reset: 'hard' }, 'asks for reset: soft'],
    [{ reset: 'delayed-soft' }, 'asks for reset: soft'],
  ])('refuses signed neurons with %o', async (changed, message) => {
    const signed = { spikes: 'signed', ...changed };
    await expect(convert('currents', signed)).rejects.toThrow(message);
  });
});
