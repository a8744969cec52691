import { UserError, type Images, type Pictures } from '@privatesnn/core';
import { PNG } from 'pngjs';

/** One small picture, channels-last bytes. */
export interface Picture {
  readonly height: number;
  readonly width: number;
  readonly channels: 1 | 3;
  readonly pixels: Uint8Array;
}

/** A picture and the class that it shows. */
export interface LabelledPicture {
  readonly label: string;
  readonly picture: Picture;
}

/**
 * The first `perClass` pictures of each class; floats are mapped from the images' range to bytes and clipped.
 *
 * @throws UserError PICTURE_CHANNELS for images that are neither grey nor RGB
 */
export function picturesOf(artefact: Pictures | Images, perClass: number): LabelledPicture[] {
  const taken = new Map<string, number>();
  const take = (label: string): boolean => {
    const count = taken.get(label) ?? 0;
    taken.set(label, count + 1);
    return count < perClass;
  };
  if (artefact.type === 'pictures') {
    const [height, width] = artefact.shape;
    const channels = channelsOf(artefact.shape[2]);
    return artefact.items
      .filter(({ label }) => take(label))
      .map(({ label, pixels }) => ({ label, picture: { height, width, channels, pixels } }));
  }
  const [, height, width] = artefact.shape;
  const channels = channelsOf(artefact.shape[3]);
  const size = height * width * channels;
  return [...artefact.labels]
    .map((label, index) => ({ label: artefact.classNames[label] ?? String(label), index }))
    .filter(({ label }) => take(label))
    .map(({ label, index }) => {
      const pixels = artefact.pixels.subarray(index * size, (index + 1) * size);
      return { label, picture: { height, width, channels, pixels: bytes(pixels, artefact.range) } };
    });
}

function channelsOf(channels: number): 1 | 3 {
  if (channels === 1 || channels === 3) return channels;
  throw new UserError(
    'data',
    'PICTURE_CHANNELS',
    `Pictures with 1 (grey) or 3 (RGB) channels are expected, not with ${channels}.`,
  );
}

function bytes(pixels: ArrayLike<number>, [low, high]: Images['range']): Uint8Array {
  return Uint8Array.from(pixels, (value) => {
    const byte = Math.round(((value - low) / (high - low)) * 255);
    return Math.min(255, Math.max(0, byte));
  });
}

/** The picture as a PNG file, at its own size. */
export function encodePng({ height, width, channels, pixels }: Picture): Buffer {
  const colorType = channels === 1 ? 0 : 2;
  const png = Object.assign(new PNG({ width, height }), { data: Buffer.from(pixels) });
  return PNG.sync.write(png, {
    colorType,
    inputColorType: colorType,
    inputHasAlpha: false,
    bitDepth: 8,
    // Each row as its difference from the one above: rows of enlarged pixels repeat.
    filterType: 2,
    deflateLevel: 9,
  });
}
