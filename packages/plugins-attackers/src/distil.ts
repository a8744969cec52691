import type { Scalar, Tensor, Tensor2D, Tensor4D } from '@tensorflow/tfjs-core';

import { permutation, type Ann, type Parameters, type RandomStream } from '@privatesnn/core';
import { annForward, tidyValues, type Tf } from '@privatesnn/runtime-tfjs';
import { createAdam } from '@privatesnn/spiking';

export interface DistilOptions {
  readonly epochs: number;
  readonly batchSize: number;
  readonly learningRate: number;
  readonly signal: AbortSignal;
  /** Called after each batch; `loss` is the part of the targets' variance that is left. */
  readonly onBatch: (done: number, total: number, loss: number) => void;
}

/** Images with the answers that a network shall give to them. */
export interface Lesson {
  /** [images, height, width, channels], row-major. */
  readonly pixels: Float32Array;
  /** [images, classes], each row with mean 0. */
  readonly targets: Float32Array;
}

/**
 * Trains an ANN by Adam to give the targets: it minimises the squared distance between centred logits and targets,
 * divided by the targets' mean square.
 *
 * @returns the trained ANN; `start` stays as it is
 */
export async function distil(
  tf: Tf,
  start: Ann,
  { pixels, targets }: Lesson,
  random: RandomStream,
  { epochs, batchSize, learningRate, signal, onBatch }: DistilOptions,
): Promise<Ann> {
  const { classes, inputShape } = start.architecture;
  const size = inputShape[0] * inputShape[1] * inputShape[2];
  const images = targets.length / classes;
  const weights = Object.fromEntries(
    Object.entries(start.parameters).map(([name, { data }]) => [name, data.slice()]),
  );
  const parameters: Parameters = Object.fromEntries(
    Object.entries(weights).map(([name, data]) => [
      name,
      { shape: start.parameters[name]!.shape, data },
    ]),
  );
  const ann = { ...start, parameters };
  const optimizer = createAdam({ learningRate });
  const meanSquare = targets.reduce((sum, t) => sum + t * t, 0) / targets.length;
  const batches = Math.ceil(images / batchSize);
  for (let epoch = 0; epoch < epochs; epoch++) {
    const order = permutation(images, random);
    for (let batch = 0; batch < batches; batch++) {
      signal.throwIfAborted();
      const chosen = order.slice(batch * batchSize, (batch + 1) * batchSize);
      const { loss, gradients } = lossAndGradients(
        tf,
        ann,
        rows(pixels, size, chosen),
        rows(targets, classes, chosen),
        meanSquare,
      );
      optimizer.step(weights, gradients);
      onBatch(epoch * batches + batch + 1, epochs * batches, loss);
      // Lets Ctrl-C and progress through between batches.
      await new Promise(setImmediate);
    }
  }
  return ann;
}

function lossAndGradients(
  tf: Tf,
  ann: Ann,
  pixels: Float32Array,
  targets: Float32Array,
  meanSquare: number,
): { loss: number; gradients: Record<string, Float32Array> } {
  const { architecture, parameters } = ann;
  return tidyValues(tf, () => {
    const names = Object.keys(parameters);
    const weights = names.map((name) => {
      const { shape, data } = parameters[name]!;
      return tf.tensor(data, [...shape], 'float32');
    });
    const images = targets.length / architecture.classes;
    const x: Tensor4D = tf.tensor4d(pixels, [images, ...architecture.inputShape]);
    const wanted: Tensor2D = tf.tensor2d(targets, [images, architecture.classes]);
    const { value, grads } = tf.valueAndGrads((...current: Tensor[]): Scalar => {
      const tensors = Object.fromEntries(names.map((name, i) => [name, current[i]!]));
      const logits = annForward(tf, ann, tensors, x);
      const centred = tf.sub(logits, tf.mean(logits, 1, true));
      const error = tf.sub(centred, wanted);
      return tf.div(tf.mean(tf.mul(error, error)), meanSquare);
    })(weights);
    return {
      loss: value.dataSync()[0]!,
      gradients: Object.fromEntries(
        names.map((name, i) => [name, grads[i]!.dataSync() as Float32Array]),
      ),
    };
  });
}

function rows(values: Float32Array, size: number, chosen: Int32Array): Float32Array {
  const result = new Float32Array(chosen.length * size);
  chosen.forEach((row, i) => result.set(values.subarray(row * size, (row + 1) * size), i * size));
  return result;
}
