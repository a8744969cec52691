import '@tensorflow/tfjs-backend-cpu';
import '@tensorflow/tfjs-core/dist/register_all_gradients.js';
import * as tf from '@tensorflow/tfjs-core';
import fc from 'fast-check';
import { beforeAll, describe, expect, it } from 'vitest';

import { squareWindow, weightedLayers, type Layer, type Snn } from '@privatesnn/core';
import { arbitrarySnnRun } from '@privatesnn/testkit';

import { integrateAndFireOf } from '../neuron-checks.js';
import { encode } from '../encoder.js';
import type {
  GradientRequest,
  Gradients,
  LossValue,
  SpikeTimeSurrogate,
  SpikeTrainSurrogate,
  Surrogate,
} from '../engine.js';
import { oneHot } from '../losses.js';
import { dropoutMask } from '../noise.js';
import { surrogateGradient } from '../surrogate.js';
import { createReferenceEngine } from './engine.js';

const engine = createReferenceEngine();
const everything = { parameters: true, thresholds: true, input: true };

beforeAll(() => tf.setBackend('cpu'));

/** A spike with the surrogate for its derivative with respect to the potential, and minus it for θ. */
function spike(snn: Snn, surrogate: Surrogate, theta: number) {
  const { firing } = integrateAndFireOf(snn, 'test');
  const { leak } = integrateAndFireOf(snn, 'test');
  const history: Uint8Array[] = [];
  return tf.customGrad((u, threshold, save) => {
    (save as tf.GradSaveFunc)([u as tf.Tensor]);
    const value =
      firing === 'strict'
        ? tf.greater(u as tf.Tensor, threshold as tf.Tensor)
        : tf.greaterEqual(u as tf.Tensor, threshold as tf.Tensor);
    const before = history.slice();
    history.push(value.dataSync() as Uint8Array);
    return {
      value: tf.cast(value, 'float32'),
      gradFunc: (dy: tf.Tensor, saved: tf.Tensor[]) => {
        const [potential] = saved as [tf.Tensor];
        const slope = tf.tensor(
          potential.dataSync().map((x, i) => {
            if (surrogate.kind === 'spike-time') return bySpikeTime(surrogate, before, i, theta);
            if (surrogate.kind !== 'spike-train') return surrogateGradient(surrogate, x, theta);
            // All spikes are there by now.
            return bySpikeTrain(surrogate, history, before.length, i, theta, leak);
          }),
          potential.shape,
        );
        return [tf.mul(dy, slope), tf.neg(tf.sum(tf.mul(dy, slope)))];
      },
    };
  });
}

/** 0.3·exp(−0.01·Δt) of Rathi 2020, from the spikes before this time-step. */
function bySpikeTime(
  { gamma, beta, divideByTheta }: SpikeTimeSurrogate,
  before: readonly Uint8Array[],
  neuron: number,
  theta: number,
): number {
  const last = before.findLastIndex((spikes) => spikes[neuron] !== 0);
  const steps = before.length - (last === -1 ? -1000 : last);
  return (gamma * Math.exp(-beta * steps)) / (divideByTheta ? theta : 1);
}

/** (1 + ln λ·a/n)/θ of Lee 2020 where the neuron spikes, from its spikes at all time-steps. */
function bySpikeTrain(
  { gamma, divideByTheta }: SpikeTrainSurrogate,
  history: readonly Uint8Array[],
  step: number,
  neuron: number,
  theta: number,
  leak: number,
): number {
  const times = history.flatMap((spikes, t) => (spikes[neuron] ? [t] : []));
  if (!times.includes(step)) return 0;
  const traces = times.map((t) => leak ** (history.length - 1 - t));
  const mean = traces.reduce((a, b) => a + b, 0) / times.length;
  return (gamma * (1 + Math.log(leak) * mean)) / (divideByTheta ? theta : 1);
}

/** λ·x, through which the gradient flows back as it comes. */
const leakless = (leak: number) =>
  tf.customGrad((x) => ({
    value: tf.mul(x as tf.Tensor, leak),
    gradFunc: (dy: tf.Tensor) => dy,
  }));

/** The identity, through which no gradient flows back. */
const detached = tf.customGrad((x) => ({
  value: tf.clone(x as tf.Tensor),
  gradFunc: (dy: tf.Tensor) => [tf.zerosLike(dy)],
}));

/** One layer of neurons, unrolled over time: potentials u(t) and spikes o(t) as the definition has them. */
function neurons(
  { snn, surrogate, detachReset }: GradientRequest,
  currents: tf.Tensor[],
  threshold: tf.Tensor,
  own: readonly number[] | undefined,
): tf.Tensor[] {
  const { leak, reset, initial } = integrateAndFireOf(snn, 'test');
  const leaky =
    surrogate.kind === 'spike-train' ? leakless(leak) : (x: tf.Tensor) => tf.mul(x, leak);
  const fire = spike(snn, surrogate, threshold.dataSync()[0]!);
  let membrane = tf.mul(tf.onesLike(currents[0]!), tf.mul(threshold, own ? [...own] : initial));
  let pending = tf.zerosLike(currents[0]!);
  return currents.map((current) => {
    const u = tf.add(tf.sub(leaky(membrane), pending), current);
    const o = fire(u, threshold);
    const inReset = detachReset ? detached(o) : o;
    if (reset === 'soft') membrane = tf.sub(u, tf.mul(inReset, threshold));
    if (reset === 'hard') membrane = tf.mul(u, tf.sub(1, inReset));
    if (reset === 'delayed-soft') {
      membrane = u;
      pending = tf.mul(inReset, threshold);
    }
    return o;
  });
}

function applyLinear(layer: Layer, x: tf.Tensor, weights: tf.Tensor[]): tf.Tensor {
  const [weight, bias] = weights;
  switch (layer.kind) {
    case 'conv': {
      const { stride, padding } = squareWindow(layer)!;
      const y = tf.conv2d(
        x as tf.Tensor4D,
        weight as tf.Tensor4D,
        stride,
        padding,
        'NHWC',
        [1, 1],
        'floor',
      );
      return bias ? tf.add(y, bias) : y;
    }
    case 'dense': {
      const y = tf.matMul(tf.reshape(x, [1, -1]) as tf.Tensor2D, weight as tf.Tensor2D);
      return bias ? tf.add(y, bias) : y;
    }
    case 'average-pool':
      return tf.avgPool(x as tf.Tensor4D, layer.size as number, layer.size as number, 'valid');
    case 'max-pool':
      return tf.maxPool(x as tf.Tensor4D, layer.size as number, layer.size as number, 'valid');
    default:
      return x;
  }
}

/** The same gradients by automatic differentiation of the network, unrolled with tensor operations. */
function byAutograd(request: GradientRequest, labels: readonly number[]) {
  const { snn, pixels, seed } = request;
  const { layers, inputShape } = snn.architecture;
  const last = weightedLayers(snn.architecture).at(-1);
  const size = inputShape.reduce((a, b) => a * b, 1);
  const images = pixels.length / size;
  const parameterNames = Object.keys(snn.parameters);
  const thresholdNames = Object.keys(snn.thresholds);
  const variables = [
    ...parameterNames.map((name) =>
      tf.tensor(snn.parameters[name]!.data, [...snn.parameters[name]!.shape]),
    ),
    ...thresholdNames.map((name) => tf.scalar(snn.thresholds[name]!)),
    tf.zeros([images, ...inputShape]),
  ];
  const loss = (...values: tf.Tensor[]): tf.Scalar => {
    const named = (names: string[], offset: number) =>
      Object.fromEntries(names.map((name, i) => [name, values[offset + i]!]));
    const parameters = named(parameterNames, 0);
    const thresholds = named(thresholdNames, parameterNames.length);
    /** Added to the input at every time-step: its gradient is the sum over time. */
    const shift = values.at(-1)!;
    const losses = labels.map((label, image) => {
      const row = tf.slice(shift, [image, 0, 0, 0], [1, -1, -1, -1]);
      let signal: tf.Tensor[] = encode(
        snn.encoder.kind,
        pixels.subarray(image * size, (image + 1) * size),
        { seed, image, timeSteps: snn.timeSteps },
      ).map((x) => tf.add(tf.tensor(x, [1, ...inputShape]), row));
      layers.forEach((layer, index) => {
        const weights = 'bias' in layer ? [parameters[`${layer.name}.weight`]!] : [];
        if ('bias' in layer && layer.bias) weights.push(parameters[`${layer.name}.bias`]!);
        signal = signal.map((x) => applyLinear(layer, x, weights));
        if (layer.kind === 'dropout' && request.dropout) {
          const [first] = signal as [tf.Tensor];
          const mask = tf.tensor(
            dropoutMask(first.size, layer.rate, seed, image, index),
            first.shape,
          );
          signal = signal.map((x) => tf.mul(x, mask));
        }
        if ('bias' in layer && layer !== last) {
          const own = snn.initialPotentials?.[layer.name];
          signal = neurons(request, signal, thresholds[layer.name]!, own);
        }
      });
      const logits = tf.mul(tf.addN(signal), snn.readout.scale);
      const target = tf.oneHot(tf.tensor1d([label], 'int32'), snn.architecture.classes);
      return tf.sum(tf.square(tf.sub(logits, target))) as tf.Scalar;
    });
    return tf.div(tf.addN(losses), images) as tf.Scalar;
  };
  const { value, grads } = tf.valueAndGrads(loss)(variables);
  const arrays = grads.map((gradient) => Array.from(gradient.dataSync()));
  return {
    loss: value.dataSync()[0]!,
    parameters: Object.fromEntries(parameterNames.map((name, i) => [name, arrays[i]!])),
    thresholds: Object.fromEntries(
      thresholdNames.map((name, i) => [name, arrays[parameterNames.length + i]!]),
    ),
    // The engine's input gradient is each image's own, not the mean's.
    input: arrays.at(-1)!.map((gradient) => gradient * images),
  };
}

/** Close up to a part of the largest entry: float32 sums that nearly cancel leave that much. */
function expectClose(actual: ArrayLike<number>, expected: ArrayLike<number>, what: string): void {
  expect(actual.length, what).toBe(expected.length);
  const largest = Array.from(expected).reduce((a, b) => Math.max(a, Math.abs(b)), 0.02);
  for (let i = 0; i < actual.length; i++) {
    expect(Math.abs(actual[i]! - expected[i]!) / largest, `${what}[${i}]`).toBeLessThan(1e-4);
  }
}

function expectSameGradients(actual: Gradients, expected: ReturnType<typeof byAutograd>): void {
  expectClose([actual.loss], [expected.loss], 'loss');
  for (const [name, gradient] of Object.entries(expected.parameters)) {
    expectClose(actual.parameters[name]!, gradient, name);
  }
  for (const [name, gradient] of Object.entries(expected.thresholds)) {
    expectClose([actual.thresholds[name]!], gradient, `θ of ${name}`);
  }
  expectClose(actual.input!, expected.input, 'input');
}

const surrogates = fc.record({
  kind: fc.constantFrom('triangle', 'rectangle', 'exponential', 'spike-time', 'spike-train'),
  gamma: fc.constantFrom(1, 0.3),
  divideByTheta: fc.boolean(),
  beta: fc.constantFrom(0.001, 0.5),
});

const requests = arbitrarySnnRun({
  maxSize: 5,
  maxChannels: 3,
  maxTimeSteps: 6,
  potentials: true,
  pooling: ['average-pool', 'max-pool'],
  dropout: true,
}).chain(({ snn, pixels, seed }) => {
  const images = pixels.length / snn.architecture.inputShape.reduce((a, b) => a * b, 1);
  return fc.record({
    snn: fc.constantFrom(0.25, 1).map((scale): Snn => ({
      ...snn,
      readout: { kind: 'fitted', scale },
    })),
    pixels: fc.constant(pixels),
    seed: fc.constant(seed),
    surrogate: surrogates,
    detachReset: fc.boolean(),
    dropout: fc.boolean(),
    labels: fc.array(fc.nat(snn.architecture.classes - 1), {
      minLength: images,
      maxLength: images,
    }),
  });
});

/** ‖z − one-hot‖²: its gradient loses no digits to rounding, as that of a saturated softmax does. */
function squaredError(label: number, logits: Float32Array): LossValue {
  const target = oneHot(label, logits.length);
  const error = logits.map((z, i) => z - target[i]!);
  return { value: error.reduce((sum, e) => sum + e * e, 0), gradient: error.map((e) => 2 * e) };
}

function withLoss(request: Omit<GradientRequest, 'loss' | 'wanted'> & { labels: number[] }) {
  const { labels, ...rest } = request;
  return {
    ...rest,
    wanted: everything,
    loss: (logits: Float32Array, image: number) => squaredError(labels[image]!, logits),
  };
}

describe('gradients', () => {
  it('equal automatic differentiation of the unrolled network', async () => {
    await fc.assert(
      fc.asyncProperty(requests, async (request) => {
        const actual = await engine.gradients(withLoss(request));
        const expected = tf.tidy(() => byAutograd(withLoss(request), request.labels) as never);
        expectSameGradients(actual, expected);
      }),
      { numRuns: 100 },
    );
  });

  it('equal finite differences for the last layer, whose potential is smooth in its weights', async () => {
    await fc.assert(
      fc.asyncProperty(requests, async (request) => {
        const whole = withLoss(request);
        const { parameters } = await engine.gradients(whole);
        const name = `${weightedLayers(whole.snn.architecture).at(-1)!.name}.weight`;
        const { shape, data } = whole.snn.parameters[name]!;
        for (const i of new Set([0, data.length - 1])) {
          const lossAt = async (by: number) => {
            const moved = data.slice();
            moved[i]! += by;
            const snn = {
              ...whole.snn,
              parameters: { ...whole.snn.parameters, [name]: { shape, data: moved } },
            };
            return (await engine.gradients({ ...whole, snn })).loss;
          };
          // The loss is quadratic in the weight: central differences are exact for any step.
          const difference = ((await lossAt(1)) - (await lossAt(-1))) / 2;
          expectClose([parameters[name]![i]!], [difference], `${name}[${i}]`);
        }
      }),
      { numRuns: 50 },
    );
  });

  it('leave out what is not wanted', async () => {
    const [request] = fc.sample(requests, { numRuns: 1, seed: 1 });
    const none = { parameters: false, thresholds: false, input: false };
    const result = await engine.gradients({ ...withLoss(request!), wanted: none });
    expect(result.parameters).toEqual({});
    expect(result.thresholds).toEqual({});
    expect(result.input).toBeUndefined();
  });

  it('are 0 in the hidden layers of a network too silent for its surrogate', async () => {
    await fc.assert(
      fc.asyncProperty(requests, async (request) => {
        const thresholds = Object.fromEntries(
          Object.keys(request.snn.thresholds).map((name) => [name, 1e6]),
        );
        const neuron = integrateAndFireOf(request.snn, 'test');
        const { activity, parameters } = await engine.gradients(
          withLoss({
            ...request,
            snn: {
              ...{ ...request.snn, thresholds, initialPotentials: {} },
              neuron: { ...neuron, initial: 0 },
            },
            surrogate: { ...request.surrogate, kind: 'rectangle' },
          }),
        );
        for (const { layer, spikes } of activity.slice(1)) {
          expect(spikes).toBe(0);
          expect(parameters[`${layer}.weight`]!.every((value) => value === 0)).toBe(true);
        }
      }),
      { numRuns: 30 },
    );
  });
});
