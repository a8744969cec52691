import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';

import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';

import { UserError, weightedLayers, type Architecture } from '@privatesnn/core';
import { createTensorRuntime } from '@privatesnn/runtime-tfjs';
import { digestOf, fakeContext, testStream } from '@privatesnn/testkit';

import type { Description } from './description.js';
import { initialise } from './initialise.js';
import { pretrained } from './pretrained.js';
import { writeSafetensors } from './safetensors/write.js';
import { vgg } from './vgg.js';

const runtime = await createTensorRuntime({ prefer: 'embedded', threads: 1 });

let folder: string;
beforeEach(async () => (folder = await mkdtemp(join(tmpdir(), 'privatesnn-model-files-'))));
afterEach(() => rm(folder, { recursive: true, force: true }));

async function load(options: Record<string, unknown>) {
  const context = fakeContext({ folder });
  const instance = pretrained.create({ runtime }, pretrained.options.parse(options));
  await instance.fingerprint!(context);
  return { ...(await instance.run(context, {})), warnings: context.warnings };
}

const architecture: Architecture = {
  name: 'small',
  inputShape: [6, 6, 1],
  classes: 3,
  layers: [
    // prettier-ignore
    { kind: 'conv', name: 'conv1', inChannels: 1, outChannels: 2, kernel: 3, stride: 1, padding: 1, bias: true },
    { kind: 'average-pool', size: 2 },
    { kind: 'dropout', rate: 0.25 },
    // prettier-ignore
    { kind: 'conv', name: 'conv2', inChannels: 2, outChannels: 2, kernel: 2, stride: 1, padding: 0, bias: false },
    { kind: 'flatten' },
    { kind: 'dense', name: 'fc1', inputs: 8, outputs: 4, bias: false },
    { kind: 'dense', name: 'fc2', inputs: 4, outputs: 3, bias: true },
  ],
};
const weights = initialise(architecture, testStream('weights'));
const sound = {
  architecture,
  classNames: ['a', 'b', 'c'],
  inputRange: [0, 1],
  layout: 'native',
  tensors: weightedLayers(architecture).map(({ name }) => `${name}.weight`),
  notes: 'made by a test',
};

async function save(description: unknown, tensors = weights) {
  await writeFile(join(folder, 'net.safetensors'), writeSafetensors(tensors, 'F32'));
  await writeFile(join(folder, 'net.json'), JSON.stringify(description));
}

describe('a file of another kind', () => {
  const onnx = Buffer.concat([Buffer.of(8, 8, 0x12, 7), Buffer.from('pytorch')]);
  const zip = (name: string) => {
    const header = Buffer.alloc(30);
    header.write('PK\x03\x04', 'latin1');
    header.writeUInt16LE(name.length, 26);
    return Buffer.concat([header, Buffer.from(name), Buffer.alloc(40)]);
  };
  it.each<[string, Buffer, string, RegExp]>([
    ['net.pt', zip('net/data.pkl'), 'a PyTorch file', /torch\.onnx\.export/],
    [
      'net.pth',
      Buffer.from('80027d710055016171014b01732e', 'hex'),
      'a Python pickle',
      /pickle may run any program/,
    ],
    [
      'net.safetensors',
      Buffer.from('\x89HDF\r\n\x1a\n\0\0', 'latin1'),
      'an HDF5 file',
      /must end in .h5/,
    ],
    ['net.safetensors', zip('metadata.json'), 'a Keras file', /must end in .keras/],
    ['net.keras', onnx, 'an ONNX network', /must end in .onnx/],
    ['net.h5', zip('metadata.json'), 'a Keras file', /must end in .keras/],
    ['net.safetensors', onnx, 'an ONNX network', /must not end in/],
    [
      'net.safetensors',
      Buffer.from('version https://git-lfs.github.com/spec/v1\noid sha256:12\n'),
      'a pointer of Git LFS',
      /git lfs pull/,
    ],
    [
      'net.safetensors',
      Buffer.from('<!DOCTYPE html><html><body>Sign in'),
      'a web page',
      /fetch the file itself/,
    ],
    ['net.safetensors', gzipSync('weights'), 'a gzip file', /Unpack it/],
    ['net.npz', zip('arr_0.npy'), 'a NumPy archive', /safetensors\.numpy\.save_file/],
    ['net.safetensors', Buffer.alloc(0), 'an empty file', /fetch it again/],
    [
      'net.safetensors',
      Buffer.from('{"format":"layers-model"}'),
      'a JSON file',
      /must end in .json/,
    ],
    [
      'model.json',
      Buffer.from('version https://git-lfs.github.com/spec/v1\noid sha256:12\n'),
      'a pointer of Git LFS',
      /git lfs pull/,
    ],
    ['model.json', Buffer.from('<html>404'), 'a web page', /fetch the file itself/],
    [
      'model.json',
      writeSafetensors({}, 'F32') as Buffer,
      'a safetensors file',
      /must not end in .json/,
    ],
  ])('%s is called by the kind that it is, with the way out', async (name, bytes, kind, hint) => {
    await writeFile(join(folder, name), bytes);
    await expect(load({ path: name })).rejects.toMatchObject({
      code: 'MODEL_FILE_CORRUPT',
      message: expect.stringContaining(`${name} is ${kind}, not a `) as string,
      hint: expect.stringMatching(hint) as string,
      option: 'path',
    });
  });

  it('a graph model is told from a LayersModel', async () => {
    await writeFile(
      join(folder, 'model.json'),
      '{"format":"graph-model","modelTopology":{"node":[]}}',
    );
    await expect(load({ path: '.' })).rejects.toThrow(/it is a tfjs graph model/);
  });

  it('a folder without a model tells what is there', async () => {
    await expect(load({ path: '.' })).rejects.toThrow(
      /model.json or model.safetensors, but holds nothing/,
    );
    await save(sound);
    await expect(load({ path: '.' })).rejects.toMatchObject({
      message: expect.stringContaining('but holds net.json, net.safetensors.') as string,
      hint: `Give the file: ${join(folder, 'net.safetensors')}.`,
    });
  });

  it('neither devices nor folders are read', async () => {
    await mkdir(join(folder, 'model.json'));
    for (const path of ['/dev/zero', '/dev/null', '.']) {
      await expect(load({ path })).rejects.toMatchObject({ code: 'MODEL_FILE_MISSING' });
    }
  });
});

describe('weights that are no numbers', () => {
  it.each([NaN, Infinity, -Infinity])(
    '%d is refused, with file, tensor and place',
    async (value) => {
      const data = weights['fc1.weight']!.data.slice();
      data[6] = value;
      data[31] = value;
      await save(sound, { ...weights, 'fc1.weight': { shape: [8, 4], data } });
      await expect(load({ path: 'net.safetensors' })).rejects.toMatchObject({
        code: 'TENSOR_NOT_FINITE',
        message: `The tensor "fc1.weight" of ${join(folder, 'net.safetensors')} should hold finite numbers, but 2 of 32 are NaN or infinite; the first is ${value} at [1, 2].`,
      });
    },
  );

  it('a negative variance of a batch normalisation is refused with its channel', async () => {
    const ones = { shape: [2], data: Float32Array.of(1, 1) };
    const norm = {
      'bn1.weight': ones,
      'bn1.bias': ones,
      'bn1.running_mean': ones,
      'bn1.running_var': { shape: [2], data: Float32Array.of(1, -0.5) },
    };
    const conv = { shape: [2, 1, 3, 3], data: new Float32Array(18).fill(1) };
    const head = { shape: [3, 72], data: new Float32Array(216) };
    const layers = [
      architecture.layers[0]!,
      { kind: 'flatten' },
      { kind: 'dense', name: 'fc', inputs: 72, outputs: 3, bias: false },
    ];
    const description = {
      architecture: { ...architecture, layers },
      layout: 'pytorch-vgg',
      tensors: ['conv1.weight', 'fc.weight'],
      inputRange: [0, 1],
    };
    const tensors = { 'conv1.weight': conv, 'fc.weight': head, ...norm };
    await save(description, tensors);
    await expect(load({ path: 'net.safetensors' })).rejects.toMatchObject({
      code: 'BATCH_NORM_RANGE',
      message: expect.stringContaining('"bn1"') as string,
    });
    const sane = { ...tensors, 'bn1.running_var': ones };
    await save(description, sane);
    const { ann, warnings } = await load({ path: 'net.safetensors' });
    expect(warnings).toEqual([
      expect.stringMatching(/ε of its batch normalisations: 0.00001 is taken/),
    ]);
    const other = await load({ path: 'net.safetensors', batchNormEpsilon: 1 });
    expect(other.warnings).toEqual([]);
    const [w, v] = [ann, other.ann].map(({ parameters }) => parameters['conv1.weight']!.data[0]!);
    expect(w! / v!).toBeCloseTo(Math.sqrt(2 / 1.00001), 5);
  });
});

describe('a description that contradicts itself or the weights', () => {
  const layer = (at: number, change: object) => ({
    ...sound,
    architecture: {
      ...architecture,
      layers: architecture.layers.map((one, i) => (i === at ? { ...one, ...change } : one)),
    },
  });
  const without = (at: number) => ({
    ...sound,
    architecture: { ...architecture, layers: architecture.layers.toSpliced(at, 1) },
  });
  it.each<[string, unknown, string, RegExp]>([
    [
      'classes beside the architecture',
      { ...sound, classes: 4 },
      'MODEL_CONTRADICTION',
      /"classes" is 4, but its architecture has 3/,
    ],
    [
      'an input shape beside it',
      { ...sound, inputShape: [6, 6, 3] },
      'MODEL_CONTRADICTION',
      /"inputShape" is 6 × 6 × 3/,
    ],
    [
      'a width beside it',
      { ...sound, width: 0.5, pooling: 'max' },
      'MODEL_CONTRADICTION',
      /"width", "pooling" can change nothing/,
    ],
    [
      'the classes of the last layer',
      { ...sound, architecture: { ...architecture, classes: 4 } },
      'MODEL_CONTRADICTION',
      /"fc2" gives 3 logits, but there are 4 classes/,
    ],
    ['class names', { ...sound, classNames: ['a'] }, 'CLASS_COUNT', /1 class names/],
    [
      'two layers of one name',
      layer(3, { name: 'conv1' }),
      'MODEL_CONTRADICTION',
      /two layers are called "conv1"/,
    ],
    [
      'channels',
      layer(3, { inChannels: 3 }),
      'MODEL_CONTRADICTION',
      /"conv2" declares 3 input channels, but receives 2/,
    ],
    [
      'inputs',
      layer(5, { inputs: 9 }),
      'MODEL_CONTRADICTION',
      /"fc1" declares 9 inputs, but receives 8/,
    ],
    [
      'a pooling larger than the image',
      layer(1, { size: 7 }),
      'MODEL_CONTRADICTION',
      /average-pool\) is left with 0 × 0/,
    ],
    ['no flatten', without(4), 'MODEL_CONTRADICTION', /layer 5 \("fc1"\) is dense, but no flatten/],
    ['no head', without(6), 'MODEL_CONTRADICTION', /"fc1" gives 4 logits/],
    [
      'no layers',
      { ...sound, architecture: { ...architecture, layers: [] } },
      'MODEL_DESCRIPTION',
      /layers/,
    ],
    [
      'a bias that is there',
      layer(6, { bias: false }),
      'BIAS_UNUSED',
      /biases of layers that should have none.*fc2.bias/,
    ],
    ['a bias that is not', layer(5, { bias: true }), 'TENSOR_MISSING', /no tensor "fc1.bias"/],
    [
      'a kernel',
      layer(0, { kernel: 5, padding: 2 }),
      'TENSOR_SHAPE',
      /"conv1.weight" .*3 × 3 × 1 × 2, but the network needs 5 × 5 × 1 × 2/,
    ],
    [
      'fewer tensors',
      { ...sound, tensors: ['conv1.weight'] },
      'TENSOR_COUNT',
      /has 4 weighted layers/,
    ],
    [
      'a tensor twice',
      { ...sound, tensors: ['conv1.weight', 'conv1.weight', 'fc1.weight', 'fc2.weight'] },
      'TENSOR_SHAPE',
      /conv1.weight/,
    ],
    ['another layout', { ...sound, layout: 'pytorch-vgg' }, 'TENSOR_SHAPE', /needs 2 × 1 × 3 × 3/],
  ])('is refused: %s', async (_, description, code, message) => {
    await save(description);
    await expect(load({ path: 'net.safetensors' })).rejects.toMatchObject({
      name: 'UserError',
      code,
      message: expect.stringMatching(message) as string,
      hint: expect.stringMatching(/./) as string,
    });
  });

  it('a tensor of more dimensions is not cut to fit', async () => {
    const description: Description = {
      architecture: 'vgg5',
      inputShape: [4, 4, 1],
      classes: 2,
      width: 0.03,
      hidden: 3,
      layout: 'pytorch-vgg',
      inputRange: [0, 1],
    };
    const small = vgg('vgg5', { inputShape: [4, 4, 1], classes: 2, width: 0.03, hidden: 3 });
    const [c1, c2, c3] = weightedLayers(small).map((one) =>
      one.kind === 'conv' ? [one.outChannels, one.inChannels, 3, 3] : [],
    );
    const of = (shape: number[]) => ({
      shape,
      data: new Float32Array(shape.reduce((n, size) => n * size, 1)),
    });
    const tensors = {
      'features.0.weight': of(c1!),
      'features.1.weight': of(c2!),
      'features.2.weight': of(c3!),
      'classifier.0.weight': of([3, 4, 5]),
      'classifier.1.weight': of([2, 3]),
    };
    await save(description, tensors);
    await expect(load({ path: 'net.safetensors' })).rejects.toThrow(
      /"classifier.0.weight" .* 3 × 4 × 5, but the network needs 3 × 4/,
    );
    await save(description, { ...tensors, 'classifier.0.weight': of([3, 4]) });
    await load({ path: 'net.safetensors' });
  });

  it('changed anywhere, it is told apart or refused: nothing in it is passed over', async () => {
    await save(sound);
    const { ann: before } = await load({ path: 'net.safetensors' });
    const keys = [
      'inputShape',
      'classes',
      'classNames',
      'inputRange',
      'width',
      'hidden',
      'bias',
      'pooling',
      'layout',
      'tensors',
      'batchNorms',
      'batchNormEpsilon',
      'architecture',
      'x',
    ];
    const value = fc.oneof(
      fc.constantFrom<unknown>(
        null,
        true,
        0,
        1,
        2,
        3,
        4,
        -1,
        0.5,
        1e300,
        [],
        {},
        [0, 1],
        [6, 6, 1],
        ['a', 'b', 'c'],
        ['x', 'y', 'z'],
      ),
      fc.constantFrom<unknown>(
        'vgg5',
        'native',
        'max',
        'average',
        'conv',
        'dense',
        'flatten',
        'conv1',
        '__proto__',
        'fc1.weight',
      ),
      fc.jsonValue({ maxDepth: 2 }),
    );
    const change = fc.record({ key: fc.constantFrom(...keys), value });
    const inner = fc.record({
      at: fc.nat(architecture.layers.length - 1),
      key: fc.constantFrom(
        'kind',
        'name',
        'inChannels',
        'outChannels',
        'kernel',
        'stride',
        'padding',
        'bias',
        'size',
        'inputs',
        'outputs',
        'rate',
      ),
      value,
    });
    await fc.assert(
      fc.asyncProperty(fc.oneof(change, inner), async (one) => {
        const description =
          'at' in one
            ? layer(one.at, { [one.key]: one.value })
            : { ...sound, [one.key]: one.value };
        await save(description);
        try {
          const { ann } = await load({ path: 'net.safetensors' });
          const said = JSON.parse(JSON.stringify(description)) as typeof sound & Description;
          expect(ann.architecture).toEqual(said.architecture);
          expect(ann.classNames).toEqual(said.classNames ?? ['0', '1', '2']);
          expect(ann.inputRange).toEqual(said.inputRange ?? [-1, 1]);
          expect(digestOf(Object.values(ann.parameters))).toBe(
            digestOf(Object.values(before.parameters)),
          );
        } catch (error) {
          if ((error as Error).name === 'AssertionError') throw error;
          expect(error).toBeInstanceOf(UserError);
        }
      }),
      { numRuns: 300 },
    );
  });
});
