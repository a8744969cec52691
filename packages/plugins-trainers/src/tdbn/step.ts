import type { Tensor, Tensor2D, Tensor4D } from '@tensorflow/tfjs-core';

import type { Snn } from '@privatesnn/core';
import { meanLoss, tidyValues, type Tf } from '@privatesnn/runtime-tfjs';
import { targetLosses } from '@privatesnn/spiking';

import { tdbnForward, type Statistics } from './network.js';
import type { TdbnOptions } from './options.js';

/** What one batch gives. */
export interface TdbnStep {
  /** Mean over the images. */
  readonly loss: number;
  /** [images, classes]. */
  readonly logits: Float32Array;
  /** ∂loss/∂parameter, by name. */
  readonly gradients: Record<string, Float32Array>;
  /** The batch's own statistics, by layer. */
  readonly statistics: Record<string, Statistics<Float32Array>>;
}

/**
 * The loss of one batch and its gradients, by automatic differentiation through all time-steps.
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
    const kept: Record<string, Statistics<Tensor>> = {};
    let logits: Tensor2D | undefined;
    const { value, grads } = tf.valueAndGrads((...values: Tensor[]) => {
      const tensors = Object.fromEntries(names.map((name, i) => [name, values[i]!]));
      logits = tf.keep(
        tdbnForward(tf, snn, tensors, x, options, (layer, { mean, variance }) => {
          kept[layer] = { mean: tf.keep(mean), variance: tf.keep(variance) };
        }),
      );
      return meanLoss(tf, logits, (image) => targetLosses[options.loss](labels[image]!));
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
