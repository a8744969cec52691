import { imageSize, UserError, type Images, type Pictures } from '@privatesnn/core';

/** How pixels become grey levels: each image's own smallest and largest value, or the declared range. */
export type PictureScaling = 'image' | 'range';

/**
 * Pictures for people: for each class, in the order of the class names, its first `perClass` images.
 *
 * @throws UserError PICTURE_CHANNELS where the images have neither 1 nor 3 channels
 */
export function classPictures(
  images: Images,
  title: string,
  perClass: number,
  scaling: PictureScaling,
): Pictures {
  const [, height, width, channels] = images.shape;
  if (channels !== 1 && channels !== 3) {
    throw new UserError(
      'data',
      'PICTURE_CHANNELS',
      `Pictures need 1 (grey) or 3 (RGB) channels, but the images have ${channels}.`,
    );
  }
  const items = images.classNames.flatMap((label, target) => {
    const places = [...images.labels.keys()].filter((i) => images.labels[i] === target);
    return places
      .slice(0, perClass)
      .map((place) => ({ label, pixels: pictureOf(images, place, scaling) }));
  });
  return { type: 'pictures', title, shape: [height, width, channels], items };
}

/** One image as bytes; a constant image becomes black under 'image' scaling. */
function pictureOf(images: Images, place: number, scaling: PictureScaling): Uint8Array {
  const size = imageSize(images);
  const pixels = images.pixels.subarray(place * size, (place + 1) * size);
  let [low, high] = images.range;
  if (scaling === 'image') {
    [low, high] = [Infinity, -Infinity];
    for (const value of pixels) {
      if (value < low) low = value;
      if (value > high) high = value;
    }
  }
  const factor = high > low ? 255 / (high - low) : 0;
  return Uint8Array.from(pixels, (value) =>
    Math.round(Math.min(255, Math.max(0, (value - low) * factor))),
  );
}
