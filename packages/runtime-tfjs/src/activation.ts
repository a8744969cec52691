import type { Tensor } from '@tensorflow/tfjs-core';

import type { Ann } from '@privatesnn/core';
import { adaptiveTransfer } from '@privatesnn/spiking';

import type { Tf } from './runtime.js';

/** The non-linearity of an ANN's hidden layers, differentiable. */
export function activationOf(
  tf: Tf,
  { activation }: Pick<Ann, 'activation'>,
): (x: Tensor) => Tensor {
  if (!activation) return (x) => tf.relu(x);
  const { value, slope } = adaptiveTransfer(activation);
  const each = (x: Tensor, f: (value: number) => number) =>
    tf.tensor((x.dataSync() as Float32Array).map(f), x.shape, 'float32');
  const transfer = tf.customGrad((input, save) => {
    const x = input as Tensor;
    (save as (tensors: Tensor[]) => void)([x]);
    return {
      value: each(x, value),
      gradFunc: (dy: Tensor, saved: Tensor[]) => tf.mul(dy, each(saved[0]!, slope)),
    };
  });
  return (x) => transfer(x);
}
