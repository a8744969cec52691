import type { Architecture, Images, PixelRange } from './artefacts.js';
import { UserError } from './error.js';

/** Numbers in one image: height · width · channels. */
export function imageSize(images: Pick<Images, 'shape'>): number {
  return images.shape[1] * images.shape[2] * images.shape[3];
}

/**
 * Pixels of the images [start, end) as floats, mapped linearly from the images' range to `range`.
 *
 * @returns [end − start, height, width, channels], row-major
 */
export function pixelsIn(
  images: Images,
  range: PixelRange,
  start = 0,
  end = images.shape[0],
): Float32Array {
  const size = imageSize(images);
  const part = images.pixels.subarray(start * size, end * size);
  const [low, high] = images.range;
  if (low === range[0] && high === range[1]) return Float32Array.from(part);
  const scale = (range[1] - range[0]) / (high - low);
  const result = new Float32Array(part.length);
  for (let i = 0; i < part.length; i++) result[i] = (part[i]! - low) * scale + range[0];
  return result;
}

/** The images at the given places, in that order. */
export function selectImages(images: Images, indices: ArrayLike<number>): Images {
  const size = imageSize(images);
  const count = indices.length;
  const pixels =
    images.pixels instanceof Uint8Array
      ? new Uint8Array(count * size)
      : new Float32Array(count * size);
  const labels = new Int32Array(count);
  const classes = images.classNames.length;
  const softLabels = images.softLabels && new Float32Array(count * classes);
  const withoutGradient = images.withoutGradient && new Uint8Array(count);
  for (let i = 0; i < count; i++) {
    const from = indices[i]!;
    pixels.set(images.pixels.subarray(from * size, (from + 1) * size), i * size);
    labels[i] = images.labels[from]!;
    if (withoutGradient) withoutGradient[i] = images.withoutGradient![from]!;
    softLabels?.set(images.softLabels!.subarray(from * classes, (from + 1) * classes), i * classes);
  }
  const [, height, width, channels] = images.shape;
  return {
    ...images,
    shape: [count, height, width, channels],
    pixels,
    labels,
    ...(softLabels ? { softLabels } : {}),
    ...(withoutGradient ? { withoutGradient } : {}),
  };
}

/** Throws where images do not have the shape, or the number of classes, that a network takes. */
export function assertImagesFit(
  images: Pick<Images, 'shape' | 'classNames'>,
  architecture: Architecture,
): void {
  const [, height, width, channels] = images.shape;
  const [h, w, c] = architecture.inputShape;
  if (height !== h || width !== w || channels !== c) {
    throw new UserError(
      'data',
      'IMAGE_SHAPE',
      `${architecture.name} takes images of ${h} × ${w} × ${c} (height × width × channels), ` +
        `but received ${height} × ${width} × ${channels}.`,
      { hint: 'Choose a dataset and a network of the same image size and channels.' },
    );
  }
  if (images.classNames.length !== architecture.classes) {
    throw new UserError(
      'data',
      'CLASS_COUNT',
      `${architecture.name} tells ${architecture.classes} classes apart, but the images have ${images.classNames.length}.`,
      { hint: 'Choose a dataset with the classes that the network was trained on.' },
    );
  }
}
