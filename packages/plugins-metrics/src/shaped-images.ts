import { selectImages, type Images, type StageContext } from '@privatesnn/core';

/** Why a score of images that no gradient shaped is left empty. */
export const noGradient =
  'no gradient of the network reached any of the images, so they are random starts: that is no evidence of what the ' +
  'network hides';

interface ShapedImages {
  /** The images that a gradient of the network shaped; undefined where there are none. */
  readonly images: Images | undefined;
  /** How many were not. */
  readonly left: number;
}

/**
 * Leaves out the images that no gradient of the network shaped, and warns of them. An attack without gradient shows
 * nothing, and must not count as one that was withstood.
 *
 * @param figure what is taken of the images: "the score"
 */
export function shapedImages(
  context: Pick<StageContext, 'warn'>,
  all: Images,
  figure: string,
): ShapedImages {
  const { withoutGradient } = all;
  if (!withoutGradient) return { images: all, left: 0 };
  const places = [...withoutGradient.keys()].filter((i) => withoutGradient[i] === 0);
  const left = withoutGradient.length - places.length;
  const images = places.length > 0 ? selectImages(all, places) : undefined;
  if (left > 0) {
    context.warn(
      `There was no gradient for ${left} of ${withoutGradient.length} images: ` +
        (images ? `${figure} leaves them out.` : `${figure} is left empty.`),
    );
  }
  return { images, left };
}
