import type { Images } from '@privatesnn/core';

/**
 * How many images of a batch have their largest logit at their class.
 *
 * @param logits [chosen.length, classes]
 * @param chosen the images' numbers
 */
export function correctOf(logits: Float32Array, chosen: Int32Array, images: Images): number {
  const classes = images.classNames.length;
  let correct = 0;
  chosen.forEach((index, i) => {
    const z = logits.subarray(i * classes, (i + 1) * classes);
    if (z.indexOf(Math.max(...z)) === images.labels[index]) correct++;
  });
  return correct;
}
