import type { Tensor4D } from '@tensorflow/tfjs-core';
import fc from 'fast-check';
import { beforeAll, describe, expect, it } from 'vitest';

import { weightedLayers, type Architecture, type Parameter } from '@privatesnn/core';
import {
  annForward,
  annTensors,
  createTensorRuntime,
  type TensorRuntime,
} from '@privatesnn/runtime-tfjs';

import { fromPytorch, readParameters } from './layout.js';
import { parseSafetensors } from './safetensors/read.js';
import { writeSafetensors } from './safetensors/write.js';

let runtime: TensorRuntime;
beforeAll(async () => {
  runtime = await createTensorRuntime({ prefer: 'embedded' });
});

const height = 3;
const width = 4;

function network(inputs: number, channels: number, classes: number): Architecture {
  return {
    name: 'small',
    inputShape: [height, width, inputs],
    classes,
    layers: [
      {
        kind: 'conv',
        name: 'conv1',
        inChannels: inputs,
        outChannels: channels,
        kernel: 3,
        stride: 1,
        padding: 1,
        bias: true,
      },
      { kind: 'flatten' },
      {
        kind: 'dense',
        name: 'fc1',
        inputs: height * width * channels,
        outputs: 5,
        bias: false,
      },
      { kind: 'dense', name: 'fc2', inputs: 5, outputs: classes, bias: false },
    ],
  };
}

/** PyTorch's convolution, flatten and linear, written from their definitions on [channel][row][column]. */
function pytorchForward(
  x: (c: number, y: number, x: number) => number,
  tensors: Readonly<Record<string, Parameter>>,
): number[] {
  const conv = tensors['features.0.weight']!;
  const [outputs = 0, inputs = 0] = conv.shape;
  const flat: number[] = [];
  for (let o = 0; o < outputs; o++) {
    for (let row = 0; row < height; row++) {
      for (let column = 0; column < width; column++) {
        let sum = tensors['features.0.bias']?.data[o] ?? 0;
        for (let i = 0; i < inputs; i++) {
          for (let ky = 0; ky < 3; ky++) {
            for (let kx = 0; kx < 3; kx++) {
              const [sy, sx] = [row + ky - 1, column + kx - 1];
              if (sy < 0 || sx < 0 || sy >= height || sx >= width) continue;
              sum += x(i, sy, sx) * conv.data[((o * inputs + i) * 3 + ky) * 3 + kx]!;
            }
          }
        }
        flat.push(Math.max(0, normalised(sum, tensors, 'features.1', o)));
      }
    }
  }
  const linear = ({ shape, data }: Parameter, h: number[]) =>
    Array.from({ length: shape[0]! }, (_, o) =>
      h.reduce((sum, value, i) => sum + value * data[o * h.length + i]!, 0),
    );
  const hidden = linear(tensors['classifier.0.weight']!, flat).map((h, o) =>
    Math.max(0, normalised(h, tensors, 'classifier.1', o)),
  );
  return linear(tensors['classifier.3.weight']!, hidden);
}

/** PyTorch's batch normalisation of one value, where the file has one. */
function normalised(
  value: number,
  tensors: Readonly<Record<string, Parameter>>,
  norm: string,
  channel: number,
): number {
  const of = (name: string) => tensors[`${norm}.${name}`]?.data[channel];
  if (of('running_var') === undefined) return value;
  const deviation = Math.sqrt(of('running_var')! + 1e-5);
  return ((value - of('running_mean')!) / deviation) * (of('weight') ?? 1) + (of('bias') ?? 0);
}

/** Numbers in [-1, 1]; weights, [out, in, …], are divided by the square root of their inputs. */
function tensor(shape: number[], seed: number): Parameter {
  const length = shape.reduce((product, n) => product * n, 1);
  const size = Math.sqrt(length / shape[0]!);
  const wave = (i: number) => Math.sin(12.9898 * (i + 1) + 78.233 * seed) / size;
  return { shape, data: Float32Array.from({ length }, (_, i) => wave(i)) };
}

/** A batch normalisation in PyTorch's names. */
function normTensors(norm: string, channels: number, seed: number): Record<string, Parameter> {
  const variance = tensor([channels], seed + 3);
  return {
    [`${norm}.weight`]: tensor([channels], seed),
    [`${norm}.bias`]: tensor([channels], seed + 1),
    [`${norm}.running_mean`]: tensor([channels], seed + 2),
    [`${norm}.running_var`]: { ...variance, data: variance.data.map((v) => 0.5 + v ** 2) },
    [`${norm}.num_batches_tracked`]: tensor([1], 0),
  };
}

function expectClose(found: ArrayLike<number>, expected: readonly number[]): void {
  expected.forEach((value, i) =>
    expect(Math.abs(found[i]! - value)).toBeLessThan(1e-5 * Math.max(1, Math.abs(value))),
  );
}

function tensorsOf(inputs: number, channels: number, classes: number, seed: number) {
  return {
    'features.0.weight': tensor([channels, inputs, 3, 3], seed),
    'features.0.bias': tensor([channels], seed + 1),
    'classifier.0.weight': tensor([5, channels * height * width], seed + 2),
    'classifier.3.weight': tensor([classes, 5], seed + 3),
  };
}

const pixelsFor = (inputs: number, seed: number) =>
  tensor([height * width * inputs], seed + 4).data;

const size = fc.integer({ min: 1, max: 4 });

describe('readParameters', () => {
  it('makes the network compute what it computes in PyTorch', () => {
    const { tf } = runtime;
    fc.assert(
      fc.property(size, size, size, fc.nat(1000), (inputs, channels, classes, seed) => {
        const tensors = tensorsOf(inputs, channels, classes, seed);
        const file = parseSafetensors(writeSafetensors(tensors, 'F32'), 'x');
        const architecture = network(inputs, channels, classes);
        const { parameters, unused } = readParameters(file, {
          architecture,
          classNames: [],
          inputRange: [-1, 1],
          layout: 'pytorch-vgg',
          tensors: undefined,
        });
        expect(unused).toEqual([]);
        const pixels = pixelsFor(inputs, seed);
        const logits = tf.tidy(() =>
          annForward(
            tf,
            { architecture },
            annTensors(tf, parameters),
            tf.tensor4d(pixels, [1, height, width, inputs]) as Tensor4D,
          ).dataSync(),
        );
        const expected = pytorchForward(
          (c, y, x) => pixels[(y * width + x) * inputs + c]!,
          tensors,
        );
        expectClose(logits, expected);
      }),
      { numRuns: 30 },
    );
  });

  it('folds the batch normalisation of PyTorch: no logit changes beyond 1e-5', () => {
    const { tf } = runtime;
    fc.assert(
      fc.property(size, size, fc.boolean(), fc.nat(1000), (inputs, channels, bias, seed) => {
        const { 'features.0.bias': convBias, ...rest } = tensorsOf(inputs, channels, 3, seed);
        const tensors: Record<string, Parameter> = {
          ...rest,
          ...(bias ? { 'features.0.bias': convBias } : {}),
          ...normTensors('features.1', channels, seed + 5),
          ...normTensors('classifier.1', 5, seed + 9),
        };
        const { architecture, parameters, statistics, unused } = readParameters(
          parseSafetensors(writeSafetensors(tensors, 'F32'), 'x'),
          {
            architecture: network(inputs, channels, 3),
            classNames: [],
            inputRange: [-1, 1],
            layout: 'pytorch-vgg',
            tensors: undefined,
          },
        );
        expect(unused).toEqual([]);
        expect(architecture.layers[0]).toMatchObject({ name: 'conv1', bias: true });
        expect(Object.keys(statistics)).toEqual(['conv1', 'fc1']);
        expect(statistics['conv1']!.mean).toEqual(tensors['features.1.bias']!.data);
        const pixels = pixelsFor(inputs, seed);
        const logits = tf.tidy(() => {
          const x: Tensor4D = tf.tensor4d(pixels, [1, height, width, inputs]);
          return annForward(tf, { architecture }, annTensors(tf, parameters), x).dataSync();
        });
        expectClose(
          logits,
          pytorchForward((c, y, x) => pixels[(y * width + x) * inputs + c]!, tensors),
        );
      }),
      { numRuns: 30 },
    );
  });

  it('folds a normalisation by its name, or by the one that is given', () => {
    const numbered: Record<string, Parameter> = {
      ...tensorsOf(2, 3, 4, 1),
      ...normTensors('features.1', 3, 5),
      ...normTensors('classifier.1', 5, 9),
    };
    const read = (
      names: Readonly<Record<string, string>>,
      options: { tensors?: string[]; batchNorms?: (string | null)[] } = {},
    ) => {
      const tensors = Object.entries(numbered).map(([name, tensor]) => {
        const module = name.slice(0, name.lastIndexOf('.'));
        return [name.replace(module, names[module] ?? module), tensor];
      });
      return readParameters(
        parseSafetensors(
          writeSafetensors(Object.fromEntries(tensors) as typeof numbered, 'F32'),
          'x',
        ),
        {
          architecture: network(2, 3, 4),
          classNames: [],
          inputRange: [-1, 1],
          layout: 'pytorch-vgg',
          tensors: undefined,
          ...options,
        },
      );
    };
    const expected = read({});
    const modules = { 'features.0': 'conv1', 'classifier.0': 'fc1', 'classifier.3': 'fc2' };
    const tensors = ['conv1.weight', 'fc1.weight', 'fc2.weight'];
    const named = { ...modules, 'features.1': 'bn1', 'classifier.1': 'fc1_bn' };
    expect(read(named, { tensors })).toEqual(expected);
    const others = { ...modules, 'features.1': 'first', 'classifier.1': 'second' };
    expect(read(others, { tensors, batchNorms: ['first', 'second', null] })).toEqual(expected);
    expect(() => read(others, { tensors })).toThrow(
      expect.objectContaining({
        code: 'BATCH_NORM_UNUSED',
        message: expect.stringContaining(
          'first.running_mean, first.running_var, second.running_mean, second.running_var',
        ) as string,
        hint: expect.stringContaining('batchNorms: [bn1, bn2, null]') as string,
      }) as Error,
    );
    expect(() => read(others, { tensors, batchNorms: ['first', 'third', null] })).toThrow(/second/);
    expect(() => read(others, { tensors, batchNorms: ['first'] })).toThrow(
      '"batchNorms" names 1 modules for 3 weight tensors: conv1.weight, fc1.weight, fc2.weight.',
    );
  });

  it('says which shape is wrong, and what lies in the file', () => {
    const file = parseSafetensors(
      writeSafetensors(tensorsOf(2, 3, 4, 0), 'F32'),
      'vgg.safetensors',
    );
    const read = (architecture: Architecture, tensors?: string[]) =>
      readParameters(file, {
        architecture,
        classNames: [],
        inputRange: [-1, 1],
        layout: 'pytorch-vgg',
        tensors,
      });
    expect(() => read(network(2, 4, 4))).toThrow(
      'The tensor "features.0.weight" of vgg.safetensors has the shape 3 × 2 × 3 × 3, but the network needs 4 × 2 × 3 × 3 there.',
    );
    const deeper = network(2, 3, 4);
    const layers = [...deeper.layers, { ...weightedLayers(deeper).at(-1)!, name: 'fc3' }];
    expect(() => read({ ...deeper, layers })).toThrow(
      /has 4 weighted layers \(conv1, fc1, fc2, fc3\), but 3 weight tensors are named/,
    );
    expect(() => read(network(2, 3, 4), ['features.0.weight', 'classifier.0.weigth', 'c'])).toThrow(
      expect.objectContaining({
        code: 'TENSOR_MISSING',
        hint: 'Did you mean "classifier.0.weight"?',
      }) as Error,
    );
  });
});

describe('fromPytorch', () => {
  it('transposes dense weights where nothing was flattened', () => {
    const weight = { shape: [2, 3], data: Float32Array.of(1, 2, 3, 4, 5, 6) };
    expect(fromPytorch(weight, 1)).toEqual({
      shape: [3, 2],
      data: Float32Array.of(1, 4, 2, 5, 3, 6),
    });
  });
});
