import type { Images } from '@privatesnn/core';
import { countMatches, countTies, predictedClasses } from '@privatesnn/spiking';

/**
 * How many images of a batch have their largest logit at their class, and how many have no single largest one.
 *
 * @param logits [chosen.length, classes]
 * @param chosen the images' numbers
 */
export function scoreOf(
  logits: Float32Array,
  chosen: Int32Array,
  images: Images,
): { correct: number; ties: number } {
  const predicted = predictedClasses(logits, images.classNames.length);
  const expected = chosen.map((index) => images.labels[index]!);
  return { correct: countMatches(predicted, expected), ties: countTies(predicted) };
}
