import type { Tensor, Tensor4D } from '@tensorflow/tfjs-core';

import type { Architecture, Layer, Parameter, Parameters } from '@privatesnn/core';
import { mix } from '@privatesnn/spiking';

import { annForward, annTensors } from '../ann.js';
import { frozenAnn } from '../frozen-ann.js';
import { lossAndInputGradient } from '../gradients.js';
import type { Tf } from '../runtime.js';

/** Milliseconds of one step of each kind of work that takes an experiment's time. */
export interface StepTimes {
  /** The gradient of a loss with respect to images: image synthesis, attack 1. */
  readonly imageGradient: number;
  /** Loss and the gradients of all weights: training. */
  readonly trainingStep: number;
}

/** Images of a step. */
const images = 32;
const classes = 10;

const conv = (name: string, inChannels: number, outChannels: number): Layer => ({
  ...{ kind: 'conv', name, inChannels, outChannels },
  ...{ kernel: 3, stride: 1, padding: 1, bias: false },
});
const pool: Layer = { kind: 'average-pool', size: 2 };

/** The kinds of layers that VGG networks are made of, at half of their width. */
const architecture: Architecture = {
  name: 'measured',
  inputShape: [32, 32, 3],
  classes,
  layers: [
    conv('conv1', 3, 32),
    conv('conv2', 32, 32),
    pool,
    conv('conv3', 32, 64),
    conv('conv4', 64, 64),
    pool,
    conv('conv5', 64, 128),
    conv('conv6', 128, 128),
    pool,
    { kind: 'flatten' },
    { kind: 'dense', name: 'fc1', inputs: 2048, outputs: classes, bias: false },
  ],
};

/** Functions that do one step each on the backend of `tf`, and one that frees what they use. */
function workload(tf: Tf) {
  const parameters = randomParameters();
  const pixels = random(images * 32 * 32 * 3, 2, 0);
  const x = tf.keep(tf.tensor4d(pixels, [images, 32, 32, 3]));
  const frozen = frozenAnn(tf, { architecture, parameters }, images);
  const tensors = annTensors(tf, parameters);
  const names = Object.keys(tensors);
  const loss = (logits: Tensor) => tf.mean(tf.square(logits)).asScalar();
  return {
    imageGradient: () =>
      tf.tidy(() => {
        const { gradient } = lossAndInputGradient(
          tf,
          (input: Tensor4D) => loss(frozen.forward(input)),
          x,
        );
        gradient.dataSync();
      }),
    trainingStep: () =>
      tf.tidy(() => {
        const { grads } = tf.valueAndGrads((...weights: Tensor[]) => {
          const current = Object.fromEntries(names.map((name, i) => [name, weights[i]!]));
          return loss(annForward(tf, { architecture }, current, x));
        })(Object.values(tensors));
        for (const gradient of grads) gradient.dataSync();
      }),
    dispose: () => {
      frozen.dispose();
      tf.dispose([x, ...Object.values(tensors)]);
    },
  };
}

/** The least time of several steps, after one to warm up. */
export function timed(tf: Tf, steps: number): StepTimes {
  const { dispose, ...kinds } = workload(tf);
  const least = (step: () => void) => {
    step();
    let result = Infinity;
    for (let i = 0; i < steps; i++) {
      const start = performance.now();
      step();
      result = Math.min(result, performance.now() - start);
    }
    return result;
  };
  const times = {
    imageGradient: least(kinds.imageGradient),
    trainingStep: least(kinds.trainingStep),
  };
  dispose();
  return times;
}

/** Weights after He 2015. */
function randomParameters(): Parameters {
  const result: Record<string, Parameter> = {};
  architecture.layers.forEach((layer, index) => {
    if (layer.kind !== 'conv' && layer.kind !== 'dense') return;
    const shape =
      layer.kind === 'conv'
        ? [3, 3, layer.inChannels, layer.outChannels]
        : [layer.inputs, layer.outputs];
    const size = shape.reduce((a, b) => a * b);
    const spread = Math.sqrt((6 * shape.at(-1)!) / size);
    result[`${layer.name}.weight`] = { shape, data: random(size, 2 * spread, index + 1) };
  });
  return result;
}

/** Numbers between −width/2 and width/2. */
function random(count: number, width: number, stream: number): Float32Array {
  return Float32Array.from(
    { length: count },
    (_, i) => width * (mix(mix(stream) ^ i) / 2 ** 32 - 0.5),
  );
}
