import type { Tensor } from '@tensorflow/tfjs-core';
import fc from 'fast-check';
import { beforeAll, describe, expect, it } from 'vitest';

import type { Architecture, Parameters } from '@privatesnn/core';
import {
  annForward,
  annTensors,
  createTensorRuntime,
  type TensorRuntime,
} from '@privatesnn/runtime-tfjs';
import { testStream } from '@privatesnn/testkit';

import {
  batchNormalise,
  foldedNetwork,
  initialNorms,
  initialStatistics,
  updatedStatistics,
  type BatchStatistics,
} from './batch-norm-training.js';
import { initialise } from './initialise.js';
import { resnet } from './resnet.js';
import { vgg } from './vgg.js';

let runtime: TensorRuntime;
beforeAll(async () => {
  runtime = await createTensorRuntime({ prefer: 'embedded', threads: 1 });
});

const scale = 'conv1.batch-norm-scale';
const shift = 'conv1.batch-norm-shift';

function numbers(length: number, seed: number, from = -1, to = 1): Float32Array {
  const random = testStream('numbers', seed);
  return Float32Array.from({ length }, () => from + (to - from) * random.uniform());
}

describe('batchNormalise', () => {
  const [count, height, width, channels] = [3, 2, 2, 2];
  const size = count * height * width * channels;

  /** What is to be compared: Σ w·y of the layer, as a function of x, γ and β. */
  function loss(x: Float32Array, gamma: Float32Array, beta: Float32Array, w: Float32Array): number {
    let sum = 0;
    for (let c = 0; c < channels; c++) {
      const values = [...x].filter((_, i) => i % channels === c);
      const weights = [...w].filter((_, i) => i % channels === c);
      const mean = values.reduce((a, b) => a + b, 0) / values.length;
      const variance = values.reduce((a, b) => a + (b - mean) ** 2, 0) / values.length;
      values.forEach((value, i) => {
        sum += weights[i]! * ((gamma[c]! * (value - mean)) / Math.sqrt(variance + 1e-5) + beta[c]!);
      });
    }
    return sum;
  }

  it('has the values and gradients of its formula', () => {
    const { tf } = runtime;
    fc.assert(
      fc.property(fc.nat(1000), (seed) => {
        const [x, w] = [numbers(size, seed, -3, 3), numbers(size, seed + 1)];
        const [gamma, beta] = [numbers(channels, seed + 2, 0.5, 2), numbers(channels, seed + 3)];
        const shape: [number, number, number, number] = [count, height, width, channels];
        const found: Record<string, BatchStatistics> = {};
        const { value, grads } = tf.valueAndGrads((h: Tensor, g: Tensor, b: Tensor) => {
          const note = (layer: string, one: BatchStatistics) => (found[layer] = one);
          const y = batchNormalise(tf, { [scale]: g, [shift]: b }, note)(h, 'conv1');
          return tf.sum(tf.mul(y, tf.tensor(w, shape)));
        })([tf.tensor(x, shape), tf.tensor1d(gamma), tf.tensor1d(beta)]);
        expect(value.dataSync()[0]).toBeCloseTo(loss(x, gamma, beta, w), 3);
        const numerical = (given: Float32Array, i: number) => {
          const old = given[i]!;
          const at = (change: number) => {
            given[i] = old + change;
            const result = loss(x, gamma, beta, w);
            given[i] = old;
            return result;
          };
          return (at(2 ** -9) - at(-(2 ** -9))) / 2 ** -8;
        };
        [x, gamma, beta].forEach((given, k) => {
          const gradient = grads[k]!.dataSync();
          given.forEach((_, i) => expect(gradient[i]).toBeCloseTo(numerical(given, i), 2));
        });
        const first = [...x].filter((_, i) => i % channels === 0);
        const mean = first.reduce((a, b) => a + b, 0) / first.length;
        expect(found['conv1']!.mean[0]).toBeCloseTo(mean, 5);
        const squares = first.reduce((a, b) => a + (b - mean) ** 2, 0);
        expect(found['conv1']!.variance[0]).toBeCloseTo(squares / first.length, 4);
        expect(found['conv1']!.count).toBe(first.length);
        tf.dispose([value, ...grads]);
      }),
      { numRuns: 20 },
    );
  });

  it('leaves a layer alone that has no scale and shift', () => {
    const { tf } = runtime;
    const x = tf.tensor1d([1, 2]);
    const never = () => expect.unreachable();
    expect(batchNormalise(tf, {}, never)(x, 'fc2')).toBe(x);
  });
});

describe('foldedNetwork', () => {
  const networks: Architecture[] = [
    vgg('vgg5', { inputShape: [8, 8, 2], classes: 3, width: 0.05, hidden: 5, dropout: 0 }),
    vgg('vgg5', { inputShape: [8, 8, 2], classes: 3, width: 0.05, hidden: 5, bias: true }),
    resnet('resnet20', { inputShape: [8, 8, 2], classes: 3, width: 0.2 }),
    resnet('resnet18', { inputShape: [8, 8, 2], classes: 3, width: 0.04 }),
  ];

  it('gives the logits of the network with running statistics', () => {
    const { tf } = runtime;
    fc.assert(
      fc.property(fc.constantFrom(...networks), fc.nat(1000), (architecture, seed) => {
        const norms = Object.fromEntries(
          Object.entries(initialNorms(architecture)).map(([name, { shape, data }], i) => [
            name,
            { shape, data: numbers(data.length, seed + i, 0.5, 1.5) },
          ]),
        );
        const trained: Parameters = {
          ...initialise(architecture, testStream('weights', seed)),
          ...norms,
        };
        const running = Object.fromEntries(
          Object.entries(initialStatistics(architecture)).map(([layer, { mean }], i) => [
            layer,
            {
              mean: numbers(mean.length, seed + 2 * i),
              variance: numbers(mean.length, seed + 3 * i, 0.2, 2),
            },
          ]),
        );
        const pixels = numbers(2 * 128, seed + 7);
        const logits = (
          of: Pick<ReturnType<typeof foldedNetwork>, 'architecture' | 'parameters'>,
          normalise?: (x: Tensor, layer: string) => Tensor,
        ) =>
          tf.tidy(() =>
            annForward(
              tf,
              of,
              annTensors(tf, of.parameters),
              tf.tensor4d(pixels, [2, 8, 8, 2]),
              normalise ? { normalise } : {},
            ).dataSync(),
          );
        const expected = logits({ architecture, parameters: trained }, (x, layer) => {
          const { mean, variance } = running[layer] ?? {};
          if (!mean || !variance) return x;
          const [g, b] = ['scale', 'shift'].map((part) =>
            tf.tensor1d(trained[`${layer}.batch-norm-${part}`]!.data),
          );
          const inverse = tf.rsqrt(tf.add(tf.tensor1d(variance), 1e-5));
          return tf.add(tf.mul(tf.mul(tf.sub(x, tf.tensor1d(mean)), inverse), g!), b!);
        });
        const folded = foldedNetwork(architecture, trained, running);
        const found = logits(folded);
        const largest = Math.max(...expected.map(Math.abs));
        expected.forEach((value, i) =>
          expect(Math.abs(found[i]! - value)).toBeLessThan(1e-4 * largest),
        );
        expect(Object.keys(folded.parameters).join()).not.toContain('batch-norm');
      }),
      { numRuns: 20 },
    );
  });

  it('is the network itself without batch normalisation', () => {
    const [architecture] = networks;
    const parameters = initialise(architecture!, testStream('weights'));
    expect(foldedNetwork(architecture!, parameters, {})).toEqual({
      architecture,
      parameters,
      statistics: {},
    });
  });
});

describe('updatedStatistics', () => {
  it('takes a tenth of the batch, whose variance is unbiased', () => {
    const of = (mean: number, variance: number) => ({
      conv1: { mean: Float32Array.of(mean), variance: Float32Array.of(variance) },
    });
    const batch = { conv1: { ...of(11, 6).conv1, count: 7 } };
    const next = updatedStatistics(of(1, 2), batch);
    expect(next['conv1']!.mean[0]).toBeCloseTo(2, 6);
    expect(next['conv1']!.variance[0]).toBeCloseTo(2.5, 6);
  });
});
