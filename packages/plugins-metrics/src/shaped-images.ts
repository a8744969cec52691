import { selectImages, type Images } from '@privatesnn/core';

/** Why a score of images that no gradient shaped is left empty. */
export const noGradient =
  'no gradient of the network reached any of the images, so they are random starts: that is no evidence of what the ' +
  'network hides';

/**
 * The images that a gradient of the network shaped; undefined where there are none. An attack without gradient shows
 * nothing, and must not count as one that was withstood.
 */
export function shapedImages(images: Images): Images | undefined {
  const { withoutGradient } = images;
  if (!withoutGradient) return images;
  const places = [...withoutGradient.keys()].filter((i) => withoutGradient[i] === 0);
  return places.length > 0 ? selectImages(images, places) : undefined;
}
