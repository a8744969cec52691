import type { Tensor, Tensor2D, Tensor4D } from '@tensorflow/tfjs-core';

import type { Ann, Parameters } from '@privatesnn/core';
import { annForward, tidyValues, type Tf } from '@privatesnn/runtime-tfjs';

import { batchNormalise, type BatchStatistics } from './batch-norm-training.js';

/** What one batch gives. */
export interface StepResult {
  /** Mean cross-entropy. */
  readonly loss: number;
  /** [images, classes]. */
  readonly logits: Float32Array;
  /** ∂loss/∂parameter, by name. */
  readonly gradients: Record<string, Float32Array>;
  /** Of the layers that batch normalisation follows, over this batch. */
  readonly statistics: Readonly<Record<string, BatchStatistics>>;
}

/**
 * Cross-entropy of one batch and its gradients.
 *
 * @param pixels [labels.length, height, width, channels] in the network's input range
 * @param mask makes a dropout mask of the given size
 */
export function trainStep(
  tf: Tf,
  network: Pick<Ann, 'architecture' | 'activation'>,
  parameters: Parameters,
  pixels: Float32Array,
  labels: Int32Array,
  mask: (size: number, rate: number) => Float32Array,
): StepResult {
  const { architecture } = network;
  return tidyValues(tf, () => {
    const names = Object.keys(parameters);
    const weights = names.map((name) => {
      const { shape, data } = parameters[name]!;
      return tf.tensor(data, [...shape], 'float32');
    });
    const x = tf.tensor4d(pixels, [labels.length, ...architecture.inputShape]);
    const target = tf.tensor2d(hardTargets(labels, architecture.classes), [
      labels.length,
      architecture.classes,
    ]);
    const statistics: Record<string, BatchStatistics> = {};
    let logits: Tensor2D | undefined;
    const { value, grads } = tf.valueAndGrads((...current: Tensor[]) => {
      const tensors = Object.fromEntries(names.map((name, i) => [name, current[i]!]));
      logits = annForward(tf, network, tensors, x as Tensor4D, {
        normalise: batchNormalise(tf, tensors, (layer, found) => (statistics[layer] = found)),
        dropout: (h, rate) => tf.mul(h, tf.tensor(mask(h.size, rate), h.shape)),
      });
      tf.keep(logits);
      return tf.neg(tf.div(tf.sum(tf.mul(target, tf.logSoftmax(logits))), labels.length));
    })(weights);
    const result = {
      loss: value.dataSync()[0]!,
      logits: logits!.dataSync() as Float32Array,
      gradients: Object.fromEntries(
        names.map((name, i) => [name, grads[i]!.dataSync() as Float32Array]),
      ),
      statistics,
    };
    logits!.dispose();
    return result;
  });
}

function hardTargets(labels: Int32Array, classes: number): Float32Array {
  const targets = new Float32Array(labels.length * classes);
  labels.forEach((label, i) => (targets[i * classes + label] = 1));
  return targets;
}
