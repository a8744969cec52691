import type { StageContext } from '@privatesnn/core';
import type { ImageLoss } from '@privatesnn/runtime-tfjs';

/**
 * 1 for images to which the network gives no gradient, neither where they start nor where they end, [images].
 *
 * @param loss of the network alone, as priors of images have gradients of their own
 * @param states the images' pixels at the start and at the end
 * @param size numbers of one image
 */
export async function unanswered(
  loss: ImageLoss,
  states: readonly Float32Array[],
  size: number,
): Promise<Uint8Array> {
  const images = Array.from({ length: states[0]!.length / size }, (_, i) => i);
  const none = new Uint8Array(images.length).fill(1);
  for (const pixels of states) {
    const { gradient } = await loss(pixels, images);
    for (const i of images) {
      if (gradient.subarray(i * size, (i + 1) * size).some((g) => g !== 0)) none[i] = 0;
    }
  }
  return none;
}

/** Tells the user of images that the network did not shape. */
export function warnWithoutGradient(context: StageContext, withoutGradient: Uint8Array): void {
  const count = withoutGradient.reduce((sum, flag) => sum + flag, 0);
  if (count === 0) return;
  context.warn(
    `The network gave no gradient to ${count} of ${withoutGradient.length} images, so they show nothing of it. ` +
      'A layer of it is probably zero or silent: look at its accuracy.',
  );
}
