import { mkdir, mkdtemp, readFile, rm, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import * as layers from '@tensorflow/tfjs-layers';
import type { io, Tensor, Tensor4D } from '@tensorflow/tfjs-core';
import fc from 'fast-check';
import { afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';

import {
  annForward,
  annTensors,
  createTensorRuntime,
  type TensorRuntime,
} from '@privatesnn/runtime-tfjs';
import { fakeContext } from '@privatesnn/testkit';

import { pretrained } from '../pretrained.js';

let runtime: TensorRuntime;
let folder: string;
beforeAll(async () => {
  runtime = await createTensorRuntime({ prefer: 'embedded' });
});
beforeEach(async () => (folder = await mkdtemp(join(tmpdir(), 'privatesnn-layers-'))));
afterEach(() => rm(folder, { recursive: true, force: true }));

const inputShape = [8, 8, 2];

/** Saves a tfjs model as `model.save('file://…')` does, in two shards. */
async function save(model: layers.LayersModel, change?: (text: string) => string) {
  await mkdir(folder, { recursive: true });
  await model.save({
    save: async (artifacts: io.ModelArtifacts) => {
      const data = Buffer.from(artifacts.weightData as ArrayBuffer);
      const half = Math.floor(data.length / 2);
      await writeFile(join(folder, 'shard1.bin'), data.subarray(0, half));
      await writeFile(join(folder, 'shard2.bin'), data.subarray(half));
      const json = JSON.stringify({
        format: 'layers-model',
        modelTopology: artifacts.modelTopology,
        weightsManifest: [{ paths: ['shard1.bin', 'shard2.bin'], weights: artifacts.weightSpecs }],
      });
      await writeFile(join(folder, 'model.json'), change ? change(json) : json);
      return { modelArtifactsInfo: { dateSaved: new Date(0), modelTopologyType: 'JSON' as const } };
    },
  });
}

async function load(options: Record<string, unknown> = {}) {
  const instance = pretrained.create(
    { runtime },
    pretrained.options.parse({ path: folder, ...options }),
  );
  const context = fakeContext();
  expect(await instance.fingerprint!(context)).toMatch(/^[0-9a-f]{64}$/);
  return (await instance.run(context, {})).ann;
}

async function expectSameLogits(model: layers.LayersModel, softmax = false) {
  await save(model);
  const ann = await load();
  const { tf } = runtime;
  tf.tidy(() => {
    const x = tf.randomUniform([3, 8, 8, 2], -1, 1, 'float32', 5) as Tensor4D;
    const logits = annForward(tf, ann, annTensors(tf, ann.parameters), x);
    const found = (softmax ? tf.softmax(logits) : logits).dataSync();
    const expected = (model.predict(x) as Tensor).dataSync();
    expected.forEach((value, i) =>
      expect(Math.abs(found[i]! - value)).toBeLessThan(1e-5 * Math.max(1, Math.abs(value))),
    );
  });
  return ann;
}

const conv = (more: object = {}) =>
  layers.layers.conv2d({ filters: 4, kernelSize: 3, padding: 'same', activation: 'relu', ...more });

/** Gives a batch normalisation statistics that are not the neutral ones. */
function unsettle(model: layers.LayersModel) {
  for (const layer of model.layers.filter(({ name }) => name.startsWith('batch'))) {
    const weights = layer.getWeights();
    layer.setWeights(
      weights.map(
        (w, i) => runtime.tf.randomUniform(w.shape, 0.5, 1.5, 'float32', 7 + i) as Tensor,
      ),
    );
  }
  return model;
}

/** Gives a model other weights: kernels as large as their inputs allow, normalisations that are not the neutral ones. */
function withWeights(model: layers.LayersModel, seed: number) {
  model.layers.forEach((layer, l) => {
    const weights = layer.getWeights().map((w, i) => {
      const limit = Math.sqrt(3 / (w.size / w.shape.at(-1)!));
      const range = layer.name.startsWith('batch') ? ([0.5, 1.5] as const) : [-limit, limit];
      return runtime.tf.randomUniform(w.shape, range[0], range[1], 'float32', seed + 100 * l + i);
    });
    layer.setWeights(weights);
  });
  return model;
}

describe('a tfjs LayersModel', () => {
  it('computes the same after loading: sequential, with pooling, dropout and softmax', async () => {
    const model = layers.sequential({
      layers: [
        conv({ inputShape }),
        layers.layers.averagePooling2d({ poolSize: 2 }),
        layers.layers.dropout({ rate: 0.3 }),
        conv({ strides: 1, padding: 'valid', useBias: false }),
        layers.layers.maxPooling2d({ poolSize: 2 }),
        layers.layers.flatten(),
        layers.layers.dense({ units: 6, activation: 'relu' }),
        layers.layers.dense({ units: 3, activation: 'softmax' }),
      ],
    });
    const ann = await expectSameLogits(model, true);
    expect(ann).not.toHaveProperty('statistics');
    expect(ann.architecture.layers.map(({ kind }) => kind)).toEqual([
      'conv',
      'average-pool',
      'conv',
      'max-pool',
      'flatten',
      'dense',
      'dense',
    ]);
  });

  it('folds batch normalisation, and reads a functional chain', async () => {
    const input = layers.input({ shape: inputShape });
    let x = conv({ activation: 'linear', useBias: false }).apply(input);
    x = layers.layers.batchNormalization().apply(x);
    x = layers.layers.reLU().apply(x);
    x = conv({ activation: 'linear', strides: 2, padding: 'valid' }).apply(x);
    x = layers.layers.batchNormalization({ scale: false, epsilon: 0.01 }).apply(x);
    x = layers.layers.activation({ activation: 'relu' }).apply(x);
    x = layers.layers.flatten().apply(x);
    x = layers.layers.dense({ units: 3 }).apply(x);
    const model = layers.model({ inputs: input, outputs: x as layers.SymbolicTensor });
    const ann = await expectSameLogits(unsettle(model));
    expect(ann.architecture.layers.every((layer) => layer.kind !== 'conv' || layer.bias)).toBe(
      true,
    );
    // β is the mean and |γ| the deviation of what follows the normalisation, but for ε.
    const convolutions = ann.architecture.layers.filter(({ kind }) => kind === 'conv');
    expect(Object.keys(ann.statistics!)).toEqual(
      convolutions.map((layer) => ('name' in layer ? layer.name : '')),
    );
    const norms = model.layers.filter(({ name }) => name.startsWith('batch'));
    const values = norms.map((norm) => norm.getWeights().map((w) => [...w.dataSync()]));
    const [gamma, beta, , variance] = values[0]!;
    const [first, second] = Object.values(ann.statistics!);
    expect([...first!.mean]).toEqual(beta);
    gamma!.forEach((g, c) => {
      const v = variance![c]!;
      expect(first!.variance[c]).toBeCloseTo((g ** 2 * v) / (v + 1e-3), 5);
    });
    expect([...second!.mean]).toEqual(values[1]![0]);
    values[1]![2]!.forEach((v, c) => expect(second!.variance[c]).toBeCloseTo(v / (v + 0.01), 5));
  });

  it('folds any batch normalisation: no logit changes beyond 1e-5', async () => {
    const norm = fc.record({
      scale: fc.boolean(),
      center: fc.boolean(),
      epsilon: fc.constantFrom(1e-5, 1e-3, 1e-1),
    });
    const block = fc.record({
      filters: fc.integer({ min: 1, max: 6 }),
      useBias: fc.boolean(),
      norm: fc.option(norm),
      pool: fc.constantFrom(null, 'average', 'max'),
    });
    const blocks = fc.array(block, { minLength: 1, maxLength: 2 });
    const seeds = fc.nat(1000);
    await fc.assert(
      fc.asyncProperty(blocks, fc.option(norm), seeds, async (all, hidden, seed) => {
        const chain: layers.layers.Layer[] = [];
        all.forEach(({ filters, useBias, norm, pool }, i) => {
          const shape = i === 0 ? { inputShape } : {};
          chain.push(conv({ filters, useBias, activation: 'linear', ...shape }));
          if (norm) chain.push(layers.layers.batchNormalization(norm));
          chain.push(layers.layers.reLU());
          if (pool === 'average') chain.push(layers.layers.averagePooling2d({ poolSize: 2 }));
          if (pool === 'max') chain.push(layers.layers.maxPooling2d({ poolSize: 2 }));
        });
        chain.push(layers.layers.flatten(), layers.layers.dense({ units: 6 }));
        if (hidden) chain.push(layers.layers.batchNormalization(hidden));
        chain.push(layers.layers.reLU(), layers.layers.dense({ units: 3 }));
        const ann = await expectSameLogits(withWeights(layers.sequential({ layers: chain }), seed));
        const norms = all.filter((b) => b.norm).length + (hidden ? 1 : 0);
        expect(Object.keys(ann.statistics ?? {})).toHaveLength(norms);
      }),
      { numRuns: 25 },
    );
  });

  it('takes class names and input range from the options', async () => {
    await save(
      layers.sequential({
        layers: [layers.layers.flatten({ inputShape }), layers.layers.dense({ units: 2 })],
      }),
    );
    expect(await load({ classNames: ['a', 'b'], inputRange: [0, 1] })).toMatchObject({
      classNames: ['a', 'b'],
      inputRange: [0, 1],
    });
  });

  it('reads a graph: shortcuts, branches, paddings, what stands between', async () => {
    const input = layers.input({ shape: inputShape });
    let x = layers.layers.zeroPadding2d({ padding: [1, 2] }).apply(input);
    x = layers.layers.depthwiseConv2d({ kernelSize: 3, strides: 2, depthMultiplier: 2 }).apply(x);
    x = layers.layers.batchNormalization().apply(x);
    const first = layers.layers.reLU({ maxValue: 6 }).apply(x) as layers.SymbolicTensor;
    const second = conv().apply(first) as layers.SymbolicTensor;
    const third = layers.layers.averagePooling2d({ poolSize: 3, strides: 1, padding: 'same' });
    const sum = layers.layers.add().apply([first, second]) as layers.SymbolicTensor;
    const pooled = third.apply(second) as layers.SymbolicTensor;
    x = layers.layers.concatenate().apply([sum, pooled]);
    x = layers.layers.batchNormalization().apply(x);
    x = layers.layers.globalAveragePooling2d({}).apply(x);
    x = layers.layers.dense({ units: 3 }).apply(x);
    const model = layers.model({ inputs: input, outputs: x as layers.SymbolicTensor });
    const ann = await expectSameLogits(unsettle(model));
    expect(ann.architecture.layers.map(({ kind }) => kind)).toEqual(
      expect.arrayContaining(['conv', 'add', 'concat', 'average-pool', 'dense']),
    );
  });

  it('says in the log that it was checked, and warns of what it leaves out', async () => {
    const model = layers.sequential({
      layers: [
        layers.layers.flatten({ inputShape }),
        layers.layers.dropout({ rate: 0.5 }),
        layers.layers.dense({ units: 3 }),
      ],
    });
    await save(model);
    const context = fakeContext();
    const options = pretrained.options.parse({ path: folder, inputRange: [0, 1] });
    await pretrained.create({ runtime }, options).run(context, {});
    expect(context.infos).toContainEqual(
      expect.stringMatching(/On 4 random images TensorFlow.js gives the same with the file/),
    );
    expect(context.warnings).toEqual([
      expect.stringMatching(/Dropout acts in training only, and is left out \(1 of them\)/),
    ]);
  });

  it.each<[string, () => layers.layers.Layer[], RegExp]>([
    [
      'an activation without spiking counterpart',
      () => [conv({ inputShape, activation: 'tanh', name: 'odd' })],
      /The layer "odd" \(Conv2D\) .*: the activation tanh/,
    ],
    [
      'a layer type that is not read',
      () => [
        conv({ inputShape }),
        layers.layers.cropping2D({
          cropping: [
            [1, 1],
            [1, 1],
          ],
          name: 'cut',
        }),
      ],
      /The layer "cut" \(Cropping2D\) .*: layers of the type Cropping2D are not read/,
    ],
    ['a missing head', () => [conv({ inputShape })], /must be one number for each class/],
  ])('refuses %s', async (_, make, message) => {
    await save(layers.sequential({ layers: make() }));
    await expect(load()).rejects.toThrow(message);
  });

  it('refuses truncated shards, missing weights and files that are no model', async () => {
    const model = layers.sequential({
      layers: [
        layers.layers.flatten({ inputShape }),
        layers.layers.dense({ units: 2, name: 'head' }),
      ],
    });
    await save(model);
    await truncate(join(folder, 'shard2.bin'), 3);
    await expect(load()).rejects.toMatchObject({ code: 'MODEL_FILE_CORRUPT' });
    await save(model, (text) => text.replaceAll('head/kernel', 'head/kernal'));
    await expect(load()).rejects.toMatchObject({
      code: 'TENSOR_MISSING',
      hint: 'Did you mean "head/kernal"?',
    });
    const text = await readFile(join(folder, 'model.json'), 'utf8');
    await writeFile(join(folder, 'model.json'), text.slice(0, 100));
    await expect(load()).rejects.toThrow(/it is not sound JSON/);
    await writeFile(join(folder, 'model.json'), '{}');
    await expect(load()).rejects.toThrow(/is not a whole tfjs LayersModel: modelTopology/);
  });
});
