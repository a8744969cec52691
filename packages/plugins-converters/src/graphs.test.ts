import { beforeAll, describe, expect, it } from 'vitest';

import {
  parameterShapes,
  pixelsIn,
  weightedLayers,
  type Ann,
  type Architecture,
  type Images,
  type Snn,
} from '@privatesnn/core';
import { annLogits, createTensorRuntime, type TensorRuntime } from '@privatesnn/runtime-tfjs';
import { createEngine, fitReadout, reconvertToAnn, type SpikingEngine } from '@privatesnn/spiking';
import { classNames, fakeContext, testStream } from '@privatesnn/testkit';

import { adaptiveSpiking } from './adaptive-spiking.js';
import { leastError } from './least-error.js';
import { thresholdBalancing } from './threshold-balancing.js';
import { weightNormalisation } from './weight-normalisation.js';

let engine: SpikingEngine;
let tensors: TensorRuntime;
beforeAll(async () => {
  engine = await createEngine({ implementation: 'wasm', threads: 0 });
  tensors = await createTensorRuntime({ prefer: 'embedded' });
});

const conv = { kind: 'conv', kernel: 3, stride: 1, padding: 1, bias: true } as const;

/** Two residual blocks, one past an identity, one past a convolution; the ReLU of one is clipped. */
const architecture: Architecture = {
  name: 'residual',
  inputShape: [6, 6, 2],
  classes: 4,
  layers: [
    { ...conv, name: 'stem', inChannels: 2, outChannels: 6 },
    { ...conv, name: 'a1', inChannels: 6, outChannels: 6 },
    { ...conv, name: 'b1', inChannels: 6, outChannels: 6, linear: true },
    { kind: 'add', name: 'sum1', from: ['b1', 'stem'] },
    { ...conv, name: 'a2', inChannels: 6, outChannels: 8, stride: 2, maximum: 0.6 },
    { ...conv, name: 'b2', inChannels: 8, outChannels: 8, linear: true },
    {
      ...conv,
      ...{ name: 'past', from: ['sum1'], inChannels: 6, outChannels: 8, linear: true },
      ...{ kernel: 1, stride: 2, padding: 0 },
    },
    { kind: 'add', name: 'sum2', from: ['past', 'b2'] },
    { kind: 'average-pool', size: 3 },
    { kind: 'flatten' },
    { kind: 'dense', name: 'output', inputs: 8, outputs: 4, bias: true },
  ],
};

const random = testStream('residual network');
const ann: Ann = {
  type: 'ann',
  architecture,
  parameters: Object.fromEntries(
    weightedLayers(architecture).flatMap((layer) =>
      Object.entries(parameterShapes(layer)).map(([name, shape]) => {
        const size = shape.reduce((product, side) => product * side, 1);
        const deviation = Math.sqrt((1.5 * shape.at(-1)!) / size);
        const data = Float32Array.from({ length: size }, () => random.normal() * deviation);
        return [name, { shape, data: shape.length === 1 ? data.map((b) => b / 20) : data }];
      }),
    ),
  ),
  inputRange: [0, 1],
  classNames: classNames(4),
};
const images: Images = {
  type: 'images',
  shape: [16, 6, 6, 2],
  pixels: Float32Array.from({ length: 16 * 72 }, () => random.uniform()),
  range: [0, 1],
  labels: Int32Array.from({ length: 16 }, (_, i) => i % 4),
  classNames: classNames(4),
  origin: 'synthetic',
};

const common = { timeSteps: 200, encoder: 'constant', initialPotential: 0.5 };
const conversions: [string, () => Promise<Snn>][] = [
  [
    'threshold-balancing',
    async () => {
      const options = thresholdBalancing.options.parse({ ...common, scale: 1 });
      const stage = thresholdBalancing.create({ engine, tensors }, options);
      return (await stage.run(fakeContext(), { ann, images })).snn;
    },
  ],
  [
    'threshold-balancing, scaled afterwards',
    async () => {
      const options = { ...common, scale: 0.8, scaleApplied: 'afterwards' };
      const stage = thresholdBalancing.create(
        { engine, tensors },
        thresholdBalancing.options.parse(options),
      );
      return (await stage.run(fakeContext(), { ann, images })).snn;
    },
  ],
  [
    'least-error',
    async () => {
      const options = leastError.options.parse({ ...common, scale: 1.15, biases: 'calibrated' });
      const stage = leastError.create({ engine, tensors }, options);
      return (await stage.run(fakeContext(), { ann, images })).snn;
    },
  ],
  [
    'weight-normalisation',
    async () => {
      const options = weightNormalisation.options.parse({ ...common, percentile: 100 });
      const stage = weightNormalisation.create({ tensors }, options);
      return (await stage.run(fakeContext(), { ann, images })).snn;
    },
  ],
];

describe.each(conversions)('%s of a residual network', (id, convert) => {
  let snn: Snn;
  beforeAll(async () => {
    snn = await convert();
  });

  it('follows its ANN', async () => {
    const logits = await annLogits(tensors, ann, images);
    const pixels = pixelsIn(images, snn.encoder.range);
    const { potentials } = await engine.infer({ snn, pixels, seed: 0 });
    const { explained } = fitReadout(potentials, logits, 4);
    expect(explained).toBeGreaterThan(0.98);
  });

  it('clips where the ReLU is clipped, and is undone by re-conversion', async () => {
    const again = reconvertToAnn(snn);
    if (id === 'least-error') return;
    const [before, after] = [
      await annLogits(tensors, ann, images),
      await annLogits(tensors, again, images),
    ];
    const factor = before[0]! / after[0]!;
    const scale = Math.max(...before.map(Math.abs));
    after.forEach((logit, i) => {
      expect(Math.abs(logit * factor - before[i]!)).toBeLessThan(1e-4 * scale);
    });
    if (!id.startsWith('threshold-balancing')) return;
    expect(again.architecture).toEqual(architecture);
    for (const [name, { data }] of Object.entries(ann.parameters)) {
      const found = again.parameters[name]!.data;
      if (name.endsWith('.weight')) expect(found).toEqual(data);
      else data.forEach((b, i) => expect(found[i]).toBeCloseTo(b, 6));
    }
  });
});

describe('adaptive-spiking of a residual network', () => {
  const convert = (given: Ann) => {
    const options = { threshold: 0.03, growth: 0, percentile: 100, timeSteps: 300 };
    const stage = adaptiveSpiking.create({ tensors }, adaptiveSpiking.options.parse(options));
    return stage.run(fakeContext(), { ann: given, images });
  };
  const plain: Ann = {
    ...ann,
    architecture: {
      ...architecture,
      layers: architecture.layers.map((layer) =>
        layer.name === 'a2' ? { ...layer, maximum: undefined } : layer,
      ),
    },
  };

  it('gives the logits of its ANN, and its weights back by re-conversion', async () => {
    const { snn } = await convert(plain);
    const logits = await annLogits(tensors, plain, images);
    const pixels = pixelsIn(images, snn.encoder.range);
    const { potentials } = await engine.infer({ snn, pixels, seed: 0 });
    const size = Math.max(...logits.map(Math.abs));
    potentials.forEach((u, i) =>
      expect(Math.abs(u * snn.readout.scale - logits[i]!)).toBeLessThan(0.1 * size),
    );
    const again = reconvertToAnn(snn);
    const back = await annLogits(tensors, again, images);
    back.forEach((logit, i) => expect(Math.abs(logit - logits[i]!)).toBeLessThan(1e-4 * size));
  });

  it('refuses clipped ReLUs by name', async () => {
    await expect(convert(ann)).rejects.toMatchObject({
      code: 'NETWORK_GRAPH',
      message: expect.stringContaining('a clipped ReLU: conv "a2"') as string,
    });
  });
});
