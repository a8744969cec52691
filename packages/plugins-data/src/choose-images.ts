import { evenPlaces, shuffleInPlace, type RandomStream } from '@privatesnn/core';

/** Which images of a dataset are wanted. */
export interface Choice {
  /** How many; null takes all. */
  readonly limit: number | null;
  /** Whether they are drawn at random, the same number of each class, instead of evenly, of every class its share. */
  readonly shuffle: boolean;
  /** The places of the first image that may be chosen, and after the last; all where left out. */
  readonly range?: readonly [number, number] | null;
}

/**
 * The places of the wanted images. Drawn ones are balanced over the classes as far as the classes reach, and
 * come in random order.
 *
 * @param labels the class of each image of the dataset
 */
export function chooseImages(
  labels: ArrayLike<number>,
  classes: number,
  { range, ...choice }: Choice,
  random: RandomStream,
): Int32Array {
  if (!range) return chosenOf(labels, classes, choice, random);
  const part = Array.from(labels).slice(...range);
  return chosenOf(part, classes, choice, random).map((place) => range[0] + place);
}

function chosenOf(
  labels: ArrayLike<number>,
  classes: number,
  { limit, shuffle }: Choice,
  random: RandomStream,
): Int32Array {
  const count = Math.min(limit ?? labels.length, labels.length);
  if (!shuffle) return evenPlaces(labels, count);
  const pools: number[][] = Array.from({ length: classes }, () => []);
  for (let i = 0; i < labels.length; i++) pools[labels[i]!]!.push(i);
  for (const pool of pools) shuffleInPlace(pool, random);
  const chosen: number[] = [];
  for (let round = 0; chosen.length < count; round++) {
    for (const pool of pools) {
      if (round < pool.length && chosen.length < count) chosen.push(pool[round]!);
    }
  }
  shuffleInPlace(chosen, random);
  return Int32Array.from(chosen);
}
