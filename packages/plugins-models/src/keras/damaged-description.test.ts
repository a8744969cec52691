import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import type { io, Tensor, Tensor4D } from '@tensorflow/tfjs-core';
import * as layers from '@tensorflow/tfjs-layers';
import fc from 'fast-check';
import { afterAll, beforeAll, expect, test } from 'vitest';

import { UserError, type Ann } from '@privatesnn/core';
import { annForward, annTensors, createTensorRuntime, type Tf } from '@privatesnn/runtime-tfjs';

import { readKeras } from './read.js';

let tf: Tf;
let folder: string;
let x: Tensor4D;
beforeAll(async () => {
  ({ tf } = await createTensorRuntime({ prefer: 'embedded' }));
  folder = await mkdtemp(join(tmpdir(), 'privatesnn-damage-'));
  x = tf.randomUniform([2, 6, 6, 2], -1, 1, 'float32', 5) as Tensor4D;
});
afterAll(() => rm(folder, { recursive: true, force: true }));

/** A model.json and the bytes of its weights. */
interface Saved {
  readonly json: Readonly<Record<string, unknown>>;
  readonly data: ArrayBuffer;
}

const inputShape = [6, 6, 2];
const chain = () => [
  layers.layers.conv2d({ filters: 3, kernelSize: 3, padding: 'same', inputShape }),
  layers.layers.batchNormalization({ betaInitializer: 'randomNormal', epsilon: 0.1 }),
  layers.layers.reLU(),
  layers.layers.averagePooling2d({ poolSize: 2 }),
  layers.layers.conv2d({ filters: 2, kernelSize: 2, activation: 'relu' }),
  layers.layers.maxPooling2d({ poolSize: 2 }),
  layers.layers.dropout({ rate: 0.3 }),
  layers.layers.flatten(),
  layers.layers.dense({ units: 4, biasInitializer: 'randomNormal' }),
  layers.layers.activation({ activation: 'relu' }),
  layers.layers.dense({ units: 3 }),
];

async function saved(model: layers.LayersModel): Promise<Saved> {
  let result: Saved | undefined;
  await model.save({
    save: (artifacts: io.ModelArtifacts) => {
      const weights = artifacts.weightSpecs;
      const json = {
        format: 'layers-model',
        modelTopology: artifacts.modelTopology,
        weightsManifest: [{ paths: ['weights.bin'], weights }],
      };
      result = {
        json: JSON.parse(JSON.stringify(json)) as Saved['json'],
        data: artifacts.weightData as ArrayBuffer,
      };
      return Promise.resolve({
        modelArtifactsInfo: { dateSaved: new Date(0), modelTopologyType: 'JSON' as const },
      });
    },
  });
  return result!;
}

async function read({ json, data }: Saved): Promise<Ann> {
  await writeFile(join(folder, 'weights.bin'), Buffer.from(data));
  await writeFile(join(folder, 'model.json'), JSON.stringify(json));
  return (await readKeras(join(folder, 'model.json'), 'layers-model', {})).ann;
}

/** What tfjs itself makes of a file; undefined where it cannot load it. */
async function reference({ json, data }: Saved): Promise<Float32Array | undefined> {
  const { modelTopology, weightsManifest } = json as unknown as {
    modelTopology: object;
    weightsManifest: { weights: io.WeightsManifestEntry[] }[];
  };
  let model: layers.LayersModel | undefined;
  try {
    const weightSpecs = weightsManifest.flatMap(({ weights }) => weights);
    const artifacts = { modelTopology, weightSpecs, weightData: data };
    model = await layers.loadLayersModel({ load: () => Promise.resolve(artifacts) });
    return tf.tidy(() => (model!.predict(x) as Tensor).dataSync() as Float32Array);
  } catch {
    return undefined;
  } finally {
    model?.dispose();
  }
}

const logits = (ann: Ann): Float32Array =>
  tf.tidy(() => annForward(tf, ann, annTensors(tf, ann.parameters), x).dataSync() as Float32Array);

function expectSame(found: Float32Array, expected: Float32Array) {
  expect(found).toHaveLength(expected.length);
  expected.forEach((value, i) =>
    expect(Math.abs(found[i]! - value)).toBeLessThan(1e-5 * Math.max(1, Math.abs(value))),
  );
}

type Step = string | number;
/** Paths to every value of a JSON tree. */
function paths(value: unknown, at: readonly Step[] = []): (readonly Step[])[] {
  if (typeof value !== 'object' || value === null) return [at];
  const inner = Object.entries(value).flatMap(([key, part]) =>
    paths(part, [...at, Array.isArray(value) ? Number(key) : key]),
  );
  return at.length === 0 ? inner : [at, ...inner];
}

/** A copy in which the value at a path is another, or gone (undefined). */
function changed(tree: unknown, [step, ...rest]: readonly Step[], value: unknown): unknown {
  if (step === undefined) return value;
  const inner = (tree as Record<Step, unknown>)[step];
  if (Array.isArray(tree)) {
    // An earlier change has shortened the list, or put it here.
    if (typeof step !== 'number' || step >= tree.length) return tree;
    const next = changed(inner, rest, value);
    return rest.length === 0 && value === undefined
      ? (tree as unknown[]).toSpliced(step, 1)
      : (tree as unknown[]).with(step, next);
  }
  return { ...(tree as object), [step]: changed(inner, rest, value) };
}

const words = [
  'relu',
  'softmax',
  'linear',
  'tanh',
  'same',
  'valid',
  'causal',
  'channels_first',
  'channels_last',
  'float16',
  'int32',
  'uint8',
  'string',
  'Dense',
  'Flatten',
  'Sequential',
  'Model',
  '__proto__',
  'toString',
  'constructor',
  '',
  'weights.bin',
  'dense_Dense1',
  'conv2d_Conv2D1/kernel',
  '../weights.bin',
];
const other = fc.oneof(
  fc.constantFrom<unknown>(
    undefined,
    null,
    true,
    false,
    0,
    1,
    2,
    3,
    -1,
    0.5,
    1e9,
    2 ** 53,
    [],
    {},
    [1, 1],
    [2, 3],
  ),
  fc.constantFrom<unknown>(...words),
  fc.jsonValue({ maxDepth: 2 }),
);

test.each<[string, () => layers.LayersModel]>([
  ['sequential', () => layers.sequential({ layers: chain() })],
  [
    'functional',
    () => {
      const input = layers.input({ shape: inputShape });
      let output = input;
      for (const layer of chain()) output = layer.apply(output) as layers.SymbolicTensor;
      return layers.model({ inputs: input, outputs: output });
    },
  ],
])(
  'a changed %s model is what tfjs makes of it, the same as before, or refused',
  async (_, make) => {
    const model = make();
    const whole = await saved(model);
    const before = logits(await read(whole));
    expectSame(before, (model.predict(x) as Tensor).dataSync() as Float32Array);
    // tfjs applies constraints to what it loads; Keras, when it has trained.
    const all = paths(whole.json).filter((path) => !/_constraint$/.test(String(path.at(-1))));
    const counts = { refused: 0, read: 0 };
    const change = fc.record({
      path: fc.nat().map((n) => all[n % all.length]!),
      value: other,
      // The value of another place now and then: a shape of another layer, another layer's name.
      from: fc.option(
        fc.nat().map((n) => all[n % all.length]!),
        { freq: 2 },
      ),
    });
    await fc.assert(
      fc.asyncProperty(fc.array(change, { minLength: 1, maxLength: 2 }), async (changes) => {
        let json: unknown = whole.json;
        for (const { path, value, from } of changes) {
          const there = from?.reduce<unknown>(
            (at, step) => (at as Record<Step, unknown>)[step],
            whole.json,
          );
          // A change before may have taken the place away.
          const parent = path
            .slice(0, -1)
            .reduce<unknown>((at, step) => (at as Record<Step, unknown> | undefined)?.[step], json);
          if (typeof parent !== 'object' || parent === null) continue;
          json = changed(json, path, there ?? value);
        }
        const one = { json: json as Saved['json'], data: whole.data };
        let ann: Ann;
        try {
          ann = await read(one);
        } catch (error) {
          expect(error).toBeInstanceOf(UserError);
          expect((error as UserError).hint).toMatch(/./);
          counts.refused++;
          return;
        }
        counts.read++;
        const expected = await reference(one);
        // What tfjs refuses, although it is read here, must be something that changes no result.
        if (expected || changes.length === 1) expectSame(logits(ann), expected ?? before);
      }),
      { numRuns: 400 },
    );
    expect(counts.refused).toBeGreaterThan(40);
    expect(counts.read).toBeGreaterThan(40);
  },
);
