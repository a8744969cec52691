import type { Tensor2D, Tensor4D } from '@tensorflow/tfjs-core';

import type { Images, StageContext } from '@privatesnn/core';
import { gaussianBlur, optimiseImages, type Tf } from '@privatesnn/runtime-tfjs';

import type { AscentOptions } from './class-image-options.js';
import { drawClassImages, type Target } from './class-images.js';

/**
 * Algorithm 1 on any differentiable network: from noise, x ← x + η·∂y_c/∂x, blurred every f_blur iterations.
 *
 * @param forward [images, height, width, channels] → logits, [images, classes]
 */
export function climb(
  tf: Tf,
  context: StageContext,
  target: Target,
  forward: (x: Tensor4D) => Tensor2D,
  options: AscentOptions,
): Promise<Images> {
  const { blurSigma: sigma, blurSize, jitter, flip, iterations } = options;
  return drawClassImages(context, target, options, async (batch) => {
    const { pixels } = await optimiseImages(tf, {
      pixels: batch.pixels,
      shape: batch.shape,
      loss: (x, indices) => {
        const logits = forward(x);
        const score = options.objective === 'logit' ? logits : tf.logSoftmax(logits);
        const wanted = tf.oneHot(
          tf.tensor1d(
            indices.map((i) => batch.labels[i]!),
            'int32',
          ),
          target.classNames.length,
        );
        return tf.neg(tf.sum(tf.mul(score, tf.cast(wanted, 'float32')), 1));
      },
      optimizer: options.optimizer,
      learningRate: options.learningRate,
      normaliseGradient: options.normaliseGradient,
      iterations,
      range: target.inputRange,
      projection: options.projection === 'clip-each-step' ? 'clip' : 'none',
      ...(jitter > 0 || flip ? { jitter: { shift: jitter, flip } } : {}),
      blur: {
        every: options.blurEvery,
        apply: (x) => gaussianBlur(tf, x, { sigma, size: blurSize }),
      },
      random: context.random(`jitter/${batch.index}`),
      signal: context.signal,
      onIteration: (iteration, loss) =>
        context.progress(
          batch.index * iterations + iteration,
          batch.count * iterations,
          `${batch.name}, mean ${options.objective} of the target class ${(-loss).toFixed(2)}`,
        ),
    });
    return pixels;
  });
}
