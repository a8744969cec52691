import type { Scalar, Tensor, Tensor2D, Tensor4D } from '@tensorflow/tfjs-core';

import { spikingLayers, type Ann } from '@privatesnn/core';
import {
  annForward,
  annTensors,
  quantisedReLU,
  tidyValues,
  type AnnTensors,
  type Tf,
} from '@privatesnn/runtime-tfjs';

import type { QcfsOptions } from './options.js';
import { relativeError } from './relative-error.js';

/** What is trained: weights and biases by name, and the logarithm of each layer's threshold, [1], by the layer's name. */
export interface Trained {
  readonly weights: Record<string, Float32Array>;
  readonly logThresholds: Record<string, Float32Array>;
}

/** The teacher's answers to a batch. */
interface Targets {
  /** [images, classes] */
  readonly logits: Float32Array;
  /** By the name of each layer that is to spike. */
  readonly activations: Readonly<Record<string, Float32Array>>;
}

/** What one batch gives. */
export interface Batch {
  readonly loss: number;
  /** Of the quantised network and of its teacher, [images, classes]. */
  readonly logits: Float32Array;
  readonly teacherLogits: Float32Array;
}

export interface BatchGradients extends Batch {
  readonly gradients: Trained;
}

type LossOptions = Pick<QcfsOptions, 'timeSteps' | 'activationWeight'>;

/** The teacher, its weights on the tensor runtime. */
export interface Teacher {
  readonly ann: Ann;
  readonly tensors: AnnTensors;
}

export const teacherOf = (tf: Tf, ann: Ann): Teacher => ({
  ann,
  tensors: annTensors(tf, ann.parameters),
});

/**
 * The distance of the quantised network from its teacher on one batch:
 *
 * E(logits) + w/|S| · Σ_{l ∈ S} E(a_l), E(x) = Σ (x − x*)² / Σ x*²
 *
 * with the layers S that are to spike, and what the teacher gives, x*.
 *
 * @param pixels [images, height, width, channels] in the network's input range
 */
export function batchLoss(
  tf: Tf,
  teacher: Teacher,
  trained: Trained,
  pixels: Float32Array,
  options: LossOptions,
): Batch {
  return tidyValues(tf, () => {
    const x = inputOf(tf, teacher, pixels);
    const targets = targetsOf(tf, teacher, x);
    const weights = mapped(trained.weights, (data, name) => weightTensor(tf, teacher, name, data));
    const thresholds = mapped(trained.logThresholds, ([log]) => tf.scalar(log!));
    const { loss, logits } = distance(tf, teacher, { weights, thresholds }, x, targets, options);
    return {
      loss: loss.dataSync()[0]!,
      logits: logits.dataSync() as Float32Array,
      teacherLogits: targets.logits,
    };
  });
}

/** {@link batchLoss}, and its gradients. */
export function batchGradients(
  tf: Tf,
  teacher: Teacher,
  trained: Trained,
  pixels: Float32Array,
  options: LossOptions,
): BatchGradients {
  const names = Object.keys(trained.weights);
  const layers = Object.keys(trained.logThresholds);
  return tidyValues(tf, () => {
    const x = inputOf(tf, teacher, pixels);
    const targets = targetsOf(tf, teacher, x);
    let logits: Tensor2D | undefined;
    const { value, grads } = tf.valueAndGrads((...values: Tensor[]) => {
      const weights = Object.fromEntries(names.map((name, i) => [name, values[i]!]));
      const thresholds = Object.fromEntries(
        layers.map((layer, i) => [layer, values[names.length + i] as Scalar]),
      );
      const found = distance(tf, teacher, { weights, thresholds }, x, targets, options);
      logits = tf.keep(found.logits);
      return found.loss;
    })([
      ...names.map((name) => weightTensor(tf, teacher, name, trained.weights[name]!)),
      ...layers.map((layer) => tf.scalar(trained.logThresholds[layer]![0]!)),
    ]);
    const read = (tensor: Tensor) => tensor.dataSync() as Float32Array;
    const result = {
      loss: value.dataSync()[0]!,
      logits: read(logits!),
      teacherLogits: targets.logits,
      gradients: {
        weights: Object.fromEntries(names.map((name, i) => [name, read(grads[i]!)])),
        logThresholds: Object.fromEntries(
          layers.map((layer, i) => [layer, read(grads[names.length + i]!)]),
        ),
      },
    };
    logits!.dispose();
    return result;
  });
}

function distance(
  tf: Tf,
  { ann }: Teacher,
  { weights, thresholds }: { weights: AnnTensors; thresholds: Readonly<Record<string, Scalar>> },
  x: Tensor4D,
  targets: Targets,
  { timeSteps, activationWeight }: LossOptions,
): { loss: Scalar; logits: Tensor2D } {
  const errors: Scalar[] = [];
  const logits = annForward(tf, ann, weights, x, {
    activation: (current, layer) => quantisedReLU(tf, current, thresholds[layer]!, timeSteps),
    onActivation: (layer, activation) => {
      const target = targets.activations[layer];
      if (target && activationWeight > 0) errors.push(relativeError(tf, activation, target));
    },
  });
  const ofLogits = relativeError(tf, logits, targets.logits);
  const factor = activationWeight / errors.length;
  const loss = errors.reduce<Scalar>((sum, error) => tf.add(sum, tf.mul(error, factor)), ofLogits);
  return { loss, logits };
}

function targetsOf(tf: Tf, { ann, tensors }: Teacher, x: Tensor4D): Targets {
  const spiking = new Set(spikingLayers(ann.architecture).map(({ name }) => name));
  const activations: Record<string, Float32Array> = {};
  const logits = annForward(tf, ann, tensors, x, {
    onActivation: (layer, activation) => {
      if (spiking.has(layer)) activations[layer] = activation.dataSync() as Float32Array;
    },
  });
  return { logits: logits.dataSync() as Float32Array, activations };
}

function inputOf(tf: Tf, { ann: { architecture } }: Teacher, pixels: Float32Array): Tensor4D {
  const [height, width, channels] = architecture.inputShape;
  return tf.tensor4d(pixels, [
    pixels.length / (height * width * channels),
    height,
    width,
    channels,
  ]);
}

function weightTensor(tf: Tf, { ann }: Teacher, name: string, data: Float32Array): Tensor {
  return tf.tensor(data, [...ann.parameters[name]!.shape], 'float32');
}

function mapped<A, B>(record: Readonly<Record<string, A>>, f: (value: A, key: string) => B) {
  return Object.fromEntries(Object.entries(record).map(([key, value]) => [key, f(value, key)]));
}
