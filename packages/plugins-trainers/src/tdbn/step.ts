import type { Tensor, Tensor4D } from '@tensorflow/tfjs-core';

import type { Snn } from '@privatesnn/core';
import { tidyValues, type Tf } from '@privatesnn/runtime-tfjs';

import { tdbnForward, type Statistics } from './network.js';
import type { TdbnOptions } from './options.js';

/** What one batch gives. */
export interface TdbnStep {
  /** Mean cross-entropy. */
  readonly loss: number;
  /** [images, classes]. */
  readonly logits: Float32Array;
  /** ∂loss/∂parameter, by name. */
  readonly gradients: Record<string, Float32Array>;
  /** The batch's own statistics, by layer. */
  readonly statistics: Record<string, Statistics<Float32Array>>;
}

/**
 * Cross-entropy of one batch and its gradients, by automatic differentiation through all time-steps.
 *
 * @param weights weights, biases, scales and shifts, by name
 * @param input what `encodeBatch` gives
 */
export function tdbnStep(
  tf: Tf,
  snn: Snn,
  weights: Readonly<Record<string, Float32Array>>,
  input: Float32Array,
  labels: Int32Array,
  options: TdbnOptions,
): TdbnStep {
  const { architecture, timeSteps } = snn;
  const [height, width, channels] = architecture.inputShape;
  return tidyValues(tf, () => {
    const names = Object.keys(weights);
    const current = names.map((name) =>
      tf.tensor(weights[name]!, [...(snn.parameters[name]?.shape ?? [weights[name]!.length])]),
    );
    const x: Tensor4D = tf.tensor4d(input, [timeSteps * labels.length, height, width, channels]);
    const target = tf.cast(
      tf.oneHot(tf.tensor1d(labels, 'int32'), architecture.classes),
      'float32',
    );
    const kept: Record<string, Statistics<Tensor>> = {};
    let logits: Tensor | undefined;
    const { value, grads } = tf.valueAndGrads((...values: Tensor[]) => {
      const tensors = Object.fromEntries(names.map((name, i) => [name, values[i]!]));
      logits = tf.keep(
        tdbnForward(tf, snn, tensors, x, options, (layer, { mean, variance }) => {
          kept[layer] = { mean: tf.keep(mean), variance: tf.keep(variance) };
        }),
      );
      return tf.neg(tf.div(tf.sum(tf.mul(target, tf.logSoftmax(logits))), labels.length));
    })(current);
    const read = (tensor: Tensor) => tensor.dataSync() as Float32Array;
    const result = {
      loss: value.dataSync()[0]!,
      logits: read(logits!),
      gradients: Object.fromEntries(names.map((name, i) => [name, read(grads[i]!)])),
      statistics: Object.fromEntries(
        Object.entries(kept).map(([layer, { mean, variance }]) => [
          layer,
          { mean: read(mean), variance: read(variance) },
        ]),
      ),
    };
    tf.dispose([logits!, ...Object.values(kept).flatMap(({ mean, variance }) => [mean, variance])]);
    return result;
  });
}
