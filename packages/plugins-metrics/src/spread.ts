import { selectImages, UserError, type Images } from '@privatesnn/core';

/**
 * At most `limit` images, evenly spread over the set, so that a set that is sorted by class keeps all of its
 * classes. No randomness: every stage with the same limit takes the same images.
 *
 * @param limit ≥ 1, or null for all
 * @throws UserError NO_IMAGES where the set is empty: no metric is defined on it
 */
export function spreadImages(images: Images, limit: number | null): Images {
  const count = images.shape[0];
  if (count === 0) {
    throw new UserError('data', 'NO_IMAGES', 'Expected at least one image, but the set is empty.', {
      hint: 'Look at the limit and the split of the stage that gives the images.',
    });
  }
  if (limit === null || limit >= count) return images;
  return selectImages(
    images,
    Array.from({ length: limit }, (_, i) => Math.floor((i * count) / limit)),
  );
}
