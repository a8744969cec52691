import type { Images, RandomStream } from '@privatesnn/core';

/** The numbers from 0 to count − 1 in random order. */
export function shuffled(count: number, random: RandomStream): Int32Array {
  const order = Int32Array.from({ length: count }, (_, i) => i);
  for (let i = count - 1; i > 0; i--) {
    const j = random.integer(i + 1);
    [order[i], order[j]] = [order[j]!, order[i]!];
  }
  return order;
}

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
