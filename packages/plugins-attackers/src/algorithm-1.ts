import type { Tensor2D, Tensor4D } from '@tensorflow/tfjs-core';

import type { Images, StageContext } from '@privatesnn/core';
import { tensorLoss, type Tf } from '@privatesnn/runtime-tfjs';

import type { Algorithm1Options } from './class-image-options.js';
import type { Target } from './class-images.js';
import { climb } from './climb.js';

/**
 * Algorithm 1 on any differentiable network: from noise, x ← x + η·∂y_c/∂x, blurred every f_blur iterations.
 *
 * @param forward [images, height, width, channels] → logits, [images, classes]
 */
export function algorithm1(
  tf: Tf,
  context: StageContext,
  target: Target,
  forward: (x: Tensor4D) => Tensor2D,
  options: Algorithm1Options,
): Promise<Images> {
  return climb(tf, context, target, options, {
    name: options.objective,
    of: ({ labels }) =>
      tensorLoss(tf, target.inputShape, (x, indices) => {
        const logits = forward(x);
        const score = options.objective === 'logit' ? logits : tf.logSoftmax(logits);
        const classes = indices.map((i) => labels[i]!);
        const wanted = tf.oneHot(tf.tensor1d(classes, 'int32'), target.classNames.length);
        return tf.neg(tf.sum(tf.mul(score, tf.cast(wanted, 'float32')), 1));
      }),
  });
}
