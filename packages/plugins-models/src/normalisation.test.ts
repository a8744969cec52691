import fc from 'fast-check';
import { beforeAll, describe, expect, it } from 'vitest';

import type { Ann } from '@privatesnn/core';
import {
  createTensorRuntime,
  annForward,
  annTensors,
  type TensorRuntime,
} from '@privatesnn/runtime-tfjs';
import { floatArray } from '@privatesnn/testkit';

import { withNormalisation } from './normalisation.js';

let runtime: TensorRuntime;
beforeAll(async () => {
  runtime = await createTensorRuntime({ prefer: 'embedded', threads: 1 });
});

const weights = (count: number) => Float32Array.from({ length: count }, (_, i) => Math.sin(i + 1));

/** A residual network that pads its input, so that borders tell. */
const ann: Ann = {
  type: 'ann',
  architecture: {
    name: 'padded',
    inputShape: [4, 4, 3],
    classes: 2,
    layers: [
      // prettier-ignore
      { kind: 'conv', name: 'conv', inChannels: 3, outChannels: 3, kernel: 3, stride: 1, padding: 1, bias: false, linear: true },
      { kind: 'add', name: 'sum', from: ['conv', 'input'] },
      { kind: 'flatten' },
      { kind: 'dense', name: 'fc', inputs: 48, outputs: 2, bias: false },
    ],
  },
  parameters: {
    'conv.weight': { shape: [3, 3, 3, 3], data: weights(81) },
    'fc.weight': { shape: [48, 2], data: weights(96) },
  },
  inputRange: [0, 1],
  classNames: ['a', 'b'],
};

function logits(network: Ann, pixels: Float32Array): number[] {
  const { tf } = runtime;
  return [
    ...tf
      .tidy(() =>
        annForward(
          tf,
          network,
          annTensors(tf, network.parameters),
          tf.tensor4d(pixels, [1, 4, 4, 3]),
        ),
      )
      .dataSync(),
  ];
}

const channel = fc.record({
  mean: fc.double({ min: 0, max: 1, noNaN: true }),
  std: fc.double({ min: 0.1, max: 2, noNaN: true }),
});
const image = floatArray(48, { min: 0, max: 1, step: 1 / 64 });

describe('a normalisation inside the network', () => {
  it('gives, at borders too, what it gives outside', () => {
    fc.assert(
      fc.property(fc.tuple(channel, channel, channel), image, (channels, pixels) => {
        const mean = channels.map((one) => one.mean);
        const std = channels.map((one) => one.std);
        const inside = withNormalisation(ann, { mean, std }, 'net.onnx');
        const normalised = pixels.map((value, i) => (value - mean[i % 3]!) / std[i % 3]!);
        const [got, expected] = [logits(inside, pixels), logits(ann, normalised)];
        got.forEach((value, i) => expect(value).toBeCloseTo(expected[i]!, 3));
        expect(inside.inputRange).toEqual([0, 1]);
      }),
      { numRuns: 50 },
    );
  });

  it('is the range of the pixels alone where all channels share it', () => {
    fc.assert(
      fc.property(channel, image, ({ mean, std }, pixels) => {
        const inside = withNormalisation(ann, { mean: [mean], std: [std] }, 'net.onnx');
        expect(inside.architecture).toBe(ann.architecture);
        const [low, high] = inside.inputRange;
        const [x, normalised] = [
          pixels.map((value) => low + value * (high - low)),
          pixels.map((value) => (value - mean) / std),
        ];
        x.forEach((value, i) => expect(value).toBeCloseTo(normalised[i]!, 5));
      }),
      { numRuns: 50 },
    );
  });

  it.each<[string, { mean: number[]; std: number[] }, RegExp]>([
    ['numbers for two channels', { mean: [0, 1], std: [1] }, /2 numbers as "mean".*3 channels/],
    ['other units', { mean: [123.7, 116.3, 103.5], std: [58] }, /subtracts 123.7.*from 0 to 1/],
  ])('refuses %s', (_, normalisation, message) => {
    expect(() => withNormalisation(ann, normalisation, 'net.onnx')).toThrow(message);
  });
});
