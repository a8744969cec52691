import type { Images, StageContext } from '@privatesnn/core';
import { gaussianBlur, optimiseImages, type ImageLoss, type Tf } from '@privatesnn/runtime-tfjs';

import type { ClassImageOptions } from './class-image-options.js';
import { drawClassImages, type Batch, type Target } from './class-images.js';

export interface ClimbOptions extends ClassImageOptions {
  readonly learningRate: number;
  readonly blurEvery: number;
  readonly accumulateGradient?: boolean;
}

/**
 * Draws the classes by gradient ascent on the pixels, from noise.
 *
 * @param score what is to be made large, as a loss: −score with its gradient; `name` is for people ("logit")
 */
export function climb(
  tf: Tf,
  context: StageContext,
  target: Target,
  options: ClimbOptions,
  score: { readonly name: string; readonly of: (batch: Batch) => ImageLoss },
): Promise<Images> {
  const { blurSigma: sigma, blurSize, jitter, flip, iterations } = options;
  return drawClassImages(context, target, options, async (batch) => {
    return optimiseImages(tf, {
      pixels: batch.pixels,
      shape: batch.shape,
      evaluate: score.of(batch),
      optimizer: options.optimizer,
      learningRate: options.learningRate,
      accumulateGradient: options.accumulateGradient ?? false,
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
          `${batch.name}, mean ${score.name} of the target class ${(-loss).toFixed(2)}`,
        ),
    });
  });
}
