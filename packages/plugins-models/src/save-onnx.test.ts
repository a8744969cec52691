import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import fc from 'fast-check';
import { afterEach, beforeAll, beforeEach, expect, it } from 'vitest';

import {
  parameterShapes,
  weightedLayers,
  type AdaptiveActivation,
  type Ann,
  type Architecture,
  type Layer,
  type Snn,
} from '@privatesnn/core';
import {
  annForward,
  annTensors,
  createTensorRuntime,
  type TensorRuntime,
} from '@privatesnn/runtime-tfjs';
import { reconvertToAnn } from '@privatesnn/spiking';
import { arbitraryAnn, fakeContext, testStream, tinyAnn, tinySnn } from '@privatesnn/testkit';

import { relativeDifference } from './steps/check.js';
import { parseModel } from './onnx/model-file.js';
import { readOnnx } from './onnx/read.js';
import { saveOnnx } from './save-onnx.js';

let folder: string;
let runtime: TensorRuntime;
beforeAll(async () => (runtime = await createTensorRuntime({ prefer: 'embedded', threads: 1 })));
beforeEach(async () => (folder = await mkdtemp(join(tmpdir(), 'privatesnn-onnx-'))));
afterEach(() => rm(folder, { recursive: true, force: true }));

const save = (network: Ann | Snn, options: Record<string, unknown> = {}) =>
  saveOnnx.create({}, saveOnnx.options.parse(options)).run(fakeContext({ folder }), { network });

function logits(ann: Ann): Float32Array {
  const { tf } = runtime;
  const [height, width, channels] = ann.architecture.inputShape;
  const random = testStream('images');
  const pixels = Float32Array.from({ length: 2 * height * width * channels }, () =>
    random.uniform(),
  );
  return tf
    .tidy(() =>
      annForward(
        tf,
        ann,
        annTensors(tf, ann.parameters),
        tf.tensor4d(pixels, [2, height, width, channels]),
      ),
    )
    .dataSync<'float32'>();
}

/** Names of nodes that stand twice; onnxruntime takes no such file. */
async function repeatedNames(): Promise<string[]> {
  const file = join(folder, 'model.onnx');
  const names = parseModel(await readFile(file), file).graph.nodes.map(({ name }) => name);
  return names.filter((name, i) => name !== '' && names.indexOf(name) !== i);
}

async function expectSame(ann: Ann): Promise<void> {
  await save(ann);
  expect(await repeatedNames()).toEqual([]);
  const back = await readOnnx(join(folder, 'model.onnx'), {
    inputRange: [...ann.inputRange],
  });
  expect(relativeDifference(logits(back.ann), logits(ann))).toBeLessThan(1e-5);
}

it('what is written gives the same logits when it is read', () =>
  fc.assert(
    fc.asyncProperty(
      arbitraryAnn({ pooling: ['average-pool', 'max-pool'], dropout: true }),
      expectSame,
    ),
    { numRuns: 50 },
  ));

it('so do branches, groups, clipped ReLUs, windows of any shape and shortcuts', async () => {
  const conv = { kind: 'conv', kernel: 3, stride: 1, padding: 1, bias: true } as const;
  const layers: Layer[] = [
    { ...conv, name: 'stem', inChannels: 2, outChannels: 4, maximum: 0.4 },
    { ...conv, name: 'a', inChannels: 4, outChannels: 6, stride: 2 },
    { ...conv, name: 'b', inChannels: 6, outChannels: 6, groups: 3, linear: true },
    { kind: 'shortcut', name: 'way', from: ['stem'], stride: 2, before: 1, after: 1 },
    { kind: 'add', name: 'sum', from: ['b', 'way'] },
    { ...conv, name: 'c', inChannels: 6, outChannels: 2, kernel: [1, 3], padding: [0, 0, 2, 0] },
    { kind: 'concat', name: 'both', from: ['sum', 'c'] },
    {
      ...({ kind: 'average-pool', size: [2, 3], stride: [2, 1] } satisfies Layer),
      ...{ padding: [0, 1, 1, 1] as [number, number, number, number], countPadded: false },
    },
    { kind: 'max-pool', size: 2, stride: 1, padding: [1, 0, 0, 1] },
    { kind: 'flatten' },
    { kind: 'dense', name: 'd', inputs: 48, outputs: 5, bias: true },
    { ...conv, name: 'e', kernel: 1, padding: 0, inChannels: 5, outChannels: 3, bias: false },
  ];
  const architecture: Architecture = { name: 'g', inputShape: [6, 6, 2], classes: 3, layers };
  const random = testStream('weights');
  const parameters = Object.fromEntries(
    weightedLayers(architecture)
      .flatMap((layer) => Object.entries(parameterShapes(layer)))
      .map(([name, shape]) => {
        const length = shape.reduce((a, b) => a * b, 1);
        const data = Float32Array.from({ length }, () => 0.4 * random.normal());
        return [name, { shape, data }];
      }),
  );
  await expectSame({ ...tinyAnn(), architecture, parameters, classNames: ['a', 'b', 'c'] });
});

it('of a spiking network what it is re-converted to is written', async () => {
  const snn = tinySnn();
  await save(snn);
  const { inputRange, ...ann } = reconvertToAnn(snn);
  const range: [number, number] = [...inputRange];
  const back = await readOnnx(join(folder, 'model.onnx'), { inputRange: range });
  expect(relativeDifference(logits(back.ann), logits({ ...ann, inputRange }))).toBeLessThan(1e-5);
});

it('networks of other non-linearities are refused', async () => {
  const activation = { kind: 'adaptive' } as AdaptiveActivation;
  await expect(save({ ...tinyAnn(), activation })).rejects.toMatchObject({
    code: 'ONNX_ACTIVATION',
  });
});

it('replaces its own files and no others, and tells whether its file is there', async () => {
  const outputs = await save(tinyAnn());
  const present = () =>
    saveOnnx.create({}, saveOnnx.options.parse({})).effectPresent!(
      { resolvePath: (path) => join(folder, path) },
      outputs,
    );
  expect(await present()).toBe(true);
  await save(tinyAnn({ seed: 1 }));
  expect(await present()).toBe(false);
  const file = join(folder, 'model.onnx');
  for (const foreign of ['no ONNX', Buffer.from([8, 8, 18, 7, ...Buffer.from('pytorch')])]) {
    await writeFile(file, foreign);
    await expect(save(tinyAnn())).rejects.toMatchObject({ code: 'FILE_NOT_OWN' });
    expect(await readFile(file)).toEqual(Buffer.from(foreign));
  }
  await save(tinyAnn(), { overwrite: true });
  expect(await present()).toBe(true);
});
