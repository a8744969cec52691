import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';

import { createTensorRuntime, type TensorRuntime } from '@privatesnn/runtime-tfjs';

import type { Description } from '../description.js';
import { onnxFiles, readOnnx } from './read.js';
import { outputOf } from '../testing/evaluate.js';
import { writeOnnx, type NetworkToWrite, type NodeToWrite } from './write-file.js';

let folder: string;
let runtime: TensorRuntime;
beforeAll(async () => {
  runtime = await createTensorRuntime({ prefer: 'embedded', threads: 1 });
});
beforeEach(async () => (folder = await mkdtemp(join(tmpdir(), 'privatesnn-onnx-'))));
afterEach(() => rm(folder, { recursive: true, force: true }));

async function read(network: NetworkToWrite, options: Description = {}) {
  const file = join(folder, 'net.onnx');
  await writeFile(file, writeOnnx(network));
  return readOnnx(file, { inputRange: [0, 1], ...options });
}

const grid = (count: number, from = -0.5) =>
  Array.from({ length: count }, (_, i) => from + (((i * 7) % 11) - 3) / 8);

/** The end of all networks here: one vector of 32 numbers becomes 3 logits. */
const end: NodeToWrite[] = [
  { op: 'Flatten', inputs: ['last'], outputs: ['flat'] },
  { op: 'Gemm', name: 'head', inputs: ['flat', 'fc.weight', 'fc.bias'], outputs: ['logits'] },
];
const tensors = {
  'fc.weight': { shape: [32, 3], values: grid(96) },
  'fc.bias': { shape: [3], values: [0.5, -1, 2] },
  'conv.weight': { shape: [2, 2, 3, 3], values: grid(36) },
  one: { shape: [], values: [1] },
  half: { shape: [], values: [0.5] },
  minus: { shape: [], values: [-1] },
  pads: { shape: [8], type: 7, values: [0, 0, 1, 1, 0, 0, 1, 1] },
  ints: { shape: [2], type: 7, values: [2, 3] },
};
const conv: NodeToWrite = {
  op: 'Conv',
  name: 'conv',
  inputs: ['image', 'conv.weight'],
  outputs: ['conv'],
  attributes: { pads: [1, 1, 1, 1] },
};
/** A network whose middle, between a convolution and the end, is one node. */
const around = (...middle: readonly NodeToWrite[]): NetworkToWrite => ({
  nodes: [conv, ...middle, ...end],
  tensors,
});
const node = (
  op: string,
  attributes: NodeToWrite['attributes'] = {},
  ...more: readonly string[]
): NodeToWrite => ({ op, name: 'it', inputs: ['conv', ...more], outputs: ['last'], attributes });

describe('what cannot be converted', () => {
  it.each<[string, NetworkToWrite, RegExp, RegExp]>([
    ['a leak', around(node('LeakyRelu', { alpha: { float: 0.1 } })), /LeakyRelu.*negative/, /ReLU/],
    ['a smooth function', around(node('Sigmoid')), /Sigmoid.*another function/, /ReLU/],
    ['a quantised one', around(node('QuantizeLinear', {}, 'half')), /quantised/, /before it is/],
    ['a clip below 0', around(node('Clip', {}, 'minus', 'one')), /clips to \[-1, 1\]/, /ReLU6/],
    [
      'a clip from above 0',
      around(node('Clip', {}, 'half', 'one')),
      /clips to \[0.5, 1\]/,
      /ReLU6/,
    ],
    [
      'padding with ones',
      around({ op: 'Pad', name: 'it', inputs: ['conv', 'pads', 'one'], outputs: ['last'] }),
      /it pads with 1/,
      /zeros/,
    ],
    [
      'a part of an image',
      around(node('Slice', {}, 'ints', 'ints', 'ints', 'ints')),
      /part 2:2:2/,
      /crop/,
    ],
    ['a product of two', around(node('Mul', {}, 'conv')), /both come from the image/, /gates/],
    [
      'a mean of channels',
      around(node('ReduceMean', { axes: [1] })),
      /not the height/,
      /GlobalAve/,
    ],
    ['means of rows', around(node('ReduceMean', { axes: [3] })), /not the height/, /GlobalAverage/],
    ['images that are mixed', around(node('Flatten', { axis: 0 })), /mixes images/, /by itself/],
    [
      'Softmax before the end',
      around(node('Softmax', { axis: 1 })),
      /does not hold all/,
      /end only/,
    ],
    [
      'an unknown operator',
      around(node('Einsum')),
      /this operator is not read/,
      /These are read: Add/,
    ],
    [
      'an operator of others',
      around({ ...node('Magic'), domain: 'x.y' }),
      /set "x.y"/,
      /These are/,
    ],
    ['an unknown attribute', around(node('Relu', { sparse: 1 })), /"sparse".*not known/, /9 to 22/],
    [
      'a wrong attribute',
      around(node('MaxPool', { kernel_shape: 'big' })),
      /"kernel_shape" should/,
      /check/,
    ],
    ['no kernel', around(node('MaxPool')), /0 dimensions/, /check_model/],
    [
      'strides of 0',
      around(node('MaxPool', { kernel_shape: [1, 1], strides: [0, 1] })),
      /"strides".*0/,
      /./,
    ],
    [
      'a window too large',
      around(node('MaxPool', { kernel_shape: [9, 9] })),
      /larger than the image/,
      /./,
    ],
    [
      'a window in the padding',
      around(node('MaxPool', { kernel_shape: [1, 1], pads: [1, 1, 1, 1] })),
      /wholly in the padding/,
      /Pad less/,
    ],
    [
      'windows with gaps',
      around(node('MaxPool', { kernel_shape: [2, 2], dilations: [2, 2] })),
      /gaps/,
      /dilation/,
    ],
    [
      'windows that leave pixels out',
      around(node('MaxPool', { kernel_shape: [1, 1], strides: [2, 2], auto_pad: 'SAME_UPPER' })),
      /which border/,
      /explicit/,
    ],
    [
      'three dimensions',
      around(node('AveragePool', { kernel_shape: [2, 2, 2] })),
      /3 dimensions/,
      /./,
    ],
    [
      'more channels than there are',
      around({
        ...conv,
        name: 'it',
        inputs: ['conv', 'conv.weight'],
        outputs: ['last'],
        attributes: { group: 2 },
      }),
      /do not fit the 2 channels/,
      /./,
    ],
    ['a huge padding', around(node('Relu')), /at most 268435456/, /padding/],
  ])('%s: the node, why, and the way out', async (what, network, message, hint) => {
    const given =
      what === 'a huge padding'
        ? {
            ...network,
            nodes: [
              { ...conv, attributes: { pads: [60000, 60000, 60000, 60000] } },
              ...network.nodes.slice(1),
            ],
          }
        : network;
    await expect(read(given)).rejects.toMatchObject({
      name: 'UserError',
      message: expect.stringMatching(message) as string,
      hint: expect.stringMatching(hint) as string,
    });
    await expect(read(given)).rejects.toThrow(/net\.onnx/);
  });

  it.each<[string, Partial<NetworkToWrite>, RegExp]>([
    ['an old version', { opset: 8 }, /version 8 of ONNX's operators; 9 to 22/],
    ['a new version', { opset: 23 }, /version 23/],
    ['two outputs', { outputs: ['logits', 'conv'] }, /one output, but has 2: "logits", "conv"/],
    ['two inputs', { inputs: ['image', 'mask'] }, /one input, but has 2/],
    ['an output of nothing', { outputs: ['nowhere'] }, /nothing gives its output "nowhere"/],
    ['an output of pixels', { outputs: ['conv'] }, /must be one number for each class/],
    ['the image itself', { outputs: ['image'] }, /does not come from the image/],
    ['no image', { input: [] }, /images were expected/],
    ['five dimensions', { input: [0, 2, 4, 4, 4] }, /images were expected/],
    ['free sizes', { input: [0, 2, 0, 0] }, /does not say the image/],
    [
      'a circle',
      { nodes: [{ ...conv, inputs: ['last', 'conv.weight'] }, node('Relu'), ...end] },
      /circle/,
    ],
    [
      'weights that are NaN',
      { tensors: { ...tensors, 'fc.bias': { shape: [3], values: [1, NaN, 0] } } },
      /"head.bias|"fc.bias" .*1 of 3/,
    ],
    [
      'weights of another length',
      { tensors: { ...tensors, 'fc.bias': { shape: [3], values: [1, 2] } } },
      /needs 12 bytes, but has 8/,
    ],
    [
      'a shape that is none',
      { tensors: { ...tensors, 'fc.bias': { shape: [-3], values: [] } } },
      /"fc.bias"/,
    ],
    [
      'a type that is none',
      { tensors: { ...tensors, 'fc.bias': { shape: [3], type: 14 } } },
      /number 14/,
    ],
  ])('is told: %s', async (_, change, message) => {
    await expect(read({ ...around(node('Relu')), ...change })).rejects.toMatchObject({
      name: 'UserError',
      message: expect.stringMatching(message) as string,
      hint: expect.stringMatching(/./) as string,
    });
  });

  it('options that describe weights can change nothing', async () => {
    await expect(read(around(node('Relu')), { architecture: 'vgg5' })).rejects.toMatchObject({
      code: 'MODEL_OPTIONS',
    });
  });
});

describe('what is left out is told', () => {
  it('nodes and weights that the output does not need', async () => {
    const idle = { op: 'Sigmoid', name: 'idle', inputs: ['conv'], outputs: ['unused'] };
    const { remarks } = await read({ ...around(node('Relu'), idle), tensors: { ...tensors } });
    expect(remarks.join('\n')).toMatch(/the node "idle" \(Sigmoid\)/);
    expect(remarks.join('\n')).toMatch(/weights.*"one"/);
  });

  it('Dropout and Softmax', async () => {
    const { remarks, probe } = await read({
      nodes: [
        conv,
        node('Relu'),
        { op: 'Dropout', inputs: ['last'], outputs: ['kept'] },
        { ...end[0]!, inputs: ['kept'] },
        { ...end[1]!, outputs: ['scores'] },
        { op: 'LogSoftmax', inputs: ['scores'], outputs: ['logits'] },
      ],
      tensors,
    });
    expect(remarks.join('\n')).toMatch(/Dropout acts in training only, and is left out \(1 of/);
    expect(remarks.join('\n')).toMatch(/LogSoftmax at the end is left out/);
    expect(probe.end).toBe('LogSoftmax');
  });
});

describe('batch normalisation', () => {
  const norm = (inputs: readonly string[], outputs: readonly string[]): NodeToWrite => ({
    op: 'BatchNormalization',
    name: 'norm',
    inputs: [...inputs, 'scale', 'shift', 'mean', 'variance'],
    outputs,
    attributes: { epsilon: { float: 0.5 } },
  });
  const vectors = (variance: readonly number[]) => ({
    ...tensors,
    scale: { shape: [2], values: [2, -1] },
    shift: { shape: [2], values: [0.25, 3] },
    mean: { shape: [2], values: [1, -2] },
    variance: { shape: [2], values: variance },
  });

  it('is folded, and what it knows of the training data is kept', async () => {
    const { ann } = await read({
      ...around(norm(['conv'], ['normed']), { ...node('Relu'), inputs: ['normed'] }),
      tensors: vectors([1.5, 3.5]),
    });
    const [first] = ann.architecture.layers;
    expect(first).toMatchObject({ kind: 'conv', name: 'conv', bias: true });
    const { mean, variance } = ann.statistics!['conv']!;
    expect([...mean]).toEqual([0.25, 3]);
    // γ²·σ²/(σ² + ε)
    expect([...variance].map((value) => value.toFixed(6))).toEqual(['3.000000', '0.875000']);
    const bias = ann.parameters['conv.bias']!.data;
    expect(bias[0]).toBeCloseTo(0.25 - 2 / Math.sqrt(2), 6);
    expect(bias[1]).toBeCloseTo(3 - 2 / 2, 6);
  });

  it('with negative variances, or in training, is refused', async () => {
    const network = around(norm(['conv'], ['last']));
    await expect(read({ ...network, tensors: vectors([1, -0.5]) })).rejects.toMatchObject({
      code: 'BATCH_NORM_RANGE',
      message: expect.stringMatching(/"norm" of .*net.onnx has the variance -0.5/) as string,
    });
    const training = { ...norm(['conv'], ['last']), attributes: { training_mode: 1 } };
    await expect(read({ ...around(training), tensors: vectors([1, 1]) })).rejects.toMatchObject({
      message: expect.stringMatching(/training mode/) as string,
      hint: expect.stringMatching(/model.eval/) as string,
    });
  });
});

describe('the image', () => {
  const flat: NetworkToWrite = {
    nodes: [{ op: 'MatMul', inputs: ['image', 'fc.weight'], outputs: ['logits'] }],
    tensors: { 'fc.weight': tensors['fc.weight'] },
    input: [0, 32],
  };

  it('is given for vectors, channels first as PyTorch flattens them', async () => {
    await expect(read(flat)).rejects.toMatchObject({ option: 'inputShape' });
    const { ann, remarks } = await read(flat, { inputShape: [4, 4, 2] });
    expect(ann.architecture.inputShape).toEqual([4, 4, 2]);
    expect(remarks.join()).toMatch(/channels first/);
    // Pixel (1, 2) of channel 1 is the 22nd number of the vector.
    const image = new Float32Array(32);
    image[(1 * 4 + 2) * 2 + 1] = 1;
    const values = Buffer.from(image.buffer).toString('base64');
    const got = outputOf(runtime, ann, { shape: [1, 4, 4, 2], values });
    expect([...got]).toEqual(
      tensors['fc.weight'].values.slice(22 * 3, 22 * 3 + 3).map(Math.fround),
    );
  });

  it('contradicts an option', async () => {
    await expect(read(flat, { inputShape: [4, 4, 3] })).rejects.toThrow(
      /\[\?, 32\], but "inputShape"/,
    );
    await expect(read(around(node('Relu')), { inputShape: [5, 4, 2] })).rejects.toThrow(
      /inputShape/,
    );
    const { ann } = await read(around(node('Relu')), { inputShape: [4, 4, 2] });
    expect(ann.architecture.inputShape).toEqual([4, 4, 2]);
  });

  it('may be channels last, which a transpose tells', async () => {
    const transpose = {
      op: 'Transpose',
      inputs: ['image'],
      outputs: ['first'],
      attributes: { perm: [0, 3, 1, 2] },
    };
    const { ann } = await read({
      nodes: [transpose, { ...conv, inputs: ['first', 'conv.weight'] }, node('Relu'), ...end],
      tensors,
      input: [0, 4, 4, 2],
    });
    expect(ann).toEqual((await read(around(node('Relu')))).ann);
  });
});

describe('weights outside of the file', () => {
  const outside = (external: Record<string, string>): NetworkToWrite => ({
    ...around(node('Relu')),
    tensors: { ...tensors, 'fc.bias': { shape: [3], external } },
  });

  it('are read from the file beside it, which belongs to the network', async () => {
    const bytes = new Uint8Array(20);
    bytes.set(new Uint8Array(Float32Array.of(0.5, -1, 2).buffer), 5);
    await writeFile(join(folder, 'weights.bin'), bytes);
    const network = outside({ location: 'weights.bin', offset: '5', length: '12' });
    const { ann } = await read(network);
    expect(ann).toEqual((await read(around(node('Relu')))).ann);
    await read(network);
    expect(await onnxFiles(join(folder, 'net.onnx'))).toEqual([
      join(folder, 'net.onnx'),
      join(folder, 'weights.bin'),
    ]);
  });

  it.each<[string, Record<string, string>, RegExp]>([
    ['missing', { location: 'gone.bin' }, /no file of weights at .*gone.bin/],
    [
      'above the folder',
      { location: '../weights.bin' },
      /should lie in a file of the model's folder/,
    ],
    ['anywhere', { location: '/etc/passwd' }, /should lie in a file of the model's folder/],
    ['nowhere', {}, /should lie in a file/],
    ['a folder', { location: '.' }, /Cannot read the file of weights/],
    [
      'beyond the end',
      { location: 'weights.bin', offset: '10', length: '12' },
      /at least 22 bytes.*holds 20/,
    ],
    ['no place', { location: 'weights.bin', offset: '-1' }, /lies at no place/],
    ['too long', { location: 'weights.bin', length: '20' }, /needs 12 bytes, but has 20/],
  ])('%s is refused', async (_, external, message) => {
    await writeFile(join(folder, 'weights.bin'), new Uint8Array(20));
    await expect(read(outside(external))).rejects.toMatchObject({
      name: 'UserError',
      message: expect.stringMatching(message) as string,
      hint: expect.stringMatching(/./) as string,
    });
  });
});
