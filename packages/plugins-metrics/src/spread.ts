import { partOfImages, UserError, type Images } from '@privatesnn/core';

/**
 * At most `limit` images, of every class its share. No randomness: every stage with the same limit takes the same
 * images.
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
  return limit === null ? images : partOfImages(images, limit);
}
