import type { Images } from './artefacts.js';
import { selectImages } from './images.js';

/**
 * Places of a part of a set that holds every class in its share, whatever the order of the set: of n images with n(c)
 * in class c, the part has count · n(c) / n of them, rounded down or up, evenly spread over the class's images. No
 * randomness: the same labels give the same places.
 *
 * @param labels one for each image; images without classes share one label, and are spread evenly
 * @param count how many; all where there are fewer
 * @returns ascending
 */
export function evenPlaces(labels: ArrayLike<number>, count: number): Int32Array {
  const all = labels.length;
  if (count >= all) return Int32Array.from({ length: all }, (_, i) => i);
  const classes = new Map<number, number[]>();
  for (let i = 0; i < all; i++) {
    const places = classes.get(labels[i]!);
    if (places) places.push(i);
    else classes.set(labels[i]!, [i]);
  }
  // Equal steps through the images, class by class, meet each class in its share.
  const byClass = [...classes].sort(([a], [b]) => a - b).flatMap(([, places]) => places);
  return Int32Array.from(
    { length: count },
    (_, i) => byClass[Math.floor((i * all) / count)]!,
  ).sort();
}

/** `count` images that hold every class in its share, see {@link evenPlaces}; all where there are fewer. */
export function partOfImages(images: Images, count: number): Images {
  if (count >= images.shape[0]) return images;
  return selectImages(images, evenPlaces(images.labels, count));
}
