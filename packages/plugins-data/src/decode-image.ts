import type { Metadata, Sharp, SharpOptions } from 'sharp';

import { fileKind, UserError, wrongFile } from '@privatesnn/core';

import { assertFits } from './memory.js';
import { fewestBytes } from './picture-size.js';

/** A decoded picture. */
export interface Picture {
  readonly height: number;
  readonly width: number;
  /** [height, width, channels], row-major. */
  readonly pixels: Uint8Array;
  /** Whether anything of it is transparent. */
  readonly transparent: boolean;
}

/** What a picture may claim to be. */
export interface PictureLimits {
  readonly maxPixels: number;
  readonly maxMegabytes: number;
}

/** Pixels of the pictures of most cameras. */
export const mostPixels = 50_000_000;

const formats = {
  jpeg: 'JPEG',
  png: 'PNG',
  gif: 'GIF',
  tiff: 'TIFF',
  webp: 'WebP',
  heif: 'AVIF',
} as const;
export type PictureFormat = keyof typeof formats;

/** What messages call the formats. */
export const formatNames = 'PNG, JPEG, WebP, GIF, TIFF or AVIF';

/** The colour under a picture: red, green and blue. */
export type Colour = readonly [red: number, green: number, blue: number];

/**
 * Decodes a picture, whose format its first bytes tell; JPEG and PNG with the numbers of libjpeg-turbo and libpng. EXIF
 * orientation is applied; colour profiles and gamma are not. Of an animation or several pages the first picture is
 * taken. Samples of n bits are scaled by 255 / (2ⁿ − 1) and rounded, CMYK becomes (255 − C)(255 − K) / 255. Grey
 * pictures become RGB, and colours become grey (luma of ITU-R BT.601, in libjpeg's integers), as `channels` wants it.
 *
 * @param file its name, for messages
 * @param background the colour under transparent pixels, which are mixed with it; null drops transparency: what lies
 *   under it counts
 * @throws UserError where it is no such picture, damaged, or claims to be larger than the limits or its file allow
 */
export async function decodeImage(
  bytes: Uint8Array,
  channels: 1 | 3,
  file: string,
  limits: PictureLimits,
  background: Colour | null = null,
): Promise<Picture> {
  const format = pictureFormat(bytes, file);
  const open = await opener(bytes);
  const damaged = () => {
    const end = { png: 'IEND', jpeg: '\xff\xd9' }[format as string] ?? '';
    const whole = Buffer.from(bytes).includes(Buffer.from(end, 'latin1'));
    return corrupt(
      `${file} is not a whole ${formats[format]} picture: ` +
        (whole ? 'its data are damaged.' : `it ends after ${bytes.length} bytes, too early.`),
      file,
    );
  };
  const header = await open()
    .metadata()
    .catch(() => {
      throw damaged();
    });
  const { height, width } = header;
  const least = fewestBytes(bytes, format, height, width);
  if (least > bytes.length) {
    const size = `${height} × ${width} pixels, which take ${least} bytes at least`;
    throw corrupt(`${file} holds ${bytes.length} bytes, but claims ${size}.`, file);
  }
  if (header.depth !== 'uchar' && header.depth !== 'ushort') {
    const hint = 'Convert the picture to one of 8 or 16 bits.';
    const message = `${file} has samples of the type ${header.depth}; whole numbers of up to 16 bits are read.`;
    throw new UserError('data', 'IMAGE_FORMAT', message, { hint, place: { file } });
  }
  checkSize(header, file, limits);
  const stored = await rawPixels(open(), header).catch(() => {
    throw damaged();
  });
  return toChannels(stored, channels, background);
}

/**
 * The format of a picture, by its first bytes.
 *
 * @throws UserError where they are those of another file
 */
export function pictureFormat(head: Uint8Array, file: string): PictureFormat {
  const format = fileKind(head)?.id;
  if (format !== undefined && Object.hasOwn(formats, format)) return format as PictureFormat;
  const out = 'Remove the file, or convert it to PNG or JPEG.';
  throw wrongFile({
    code: 'IMAGE_FORMAT',
    file,
    head,
    expected: `a ${formatNames} picture`,
    kinds: [],
    problem: 'its first bytes are those of no picture that is known',
    hint: out,
    give: out,
  });
}

async function opener(bytes: Uint8Array): Promise<() => Sharp> {
  const { default: sharp } = await import('sharp').catch((cause: unknown) => {
    throw new UserError(
      'environment',
      'IMAGE_DECODER',
      'The package "sharp", which decodes pictures, cannot be loaded on this machine.',
      { hint: 'Install with "npm ci" on this machine, optional dependencies included.', cause },
    );
  });
  // Nothing is decoded twice, so nothing is kept.
  sharp.cache(false);
  const options: SharpOptions = {
    failOn: 'warning',
    limitInputPixels: false,
    autoOrient: true,
    ignoreIcc: true,
  };
  return () => sharp(bytes, options);
}

function checkSize(
  { height, width, channels, depth }: Metadata,
  file: string,
  limits: PictureLimits,
) {
  const { maxPixels, maxMegabytes } = limits;
  if (height * width > maxPixels) {
    throw new UserError(
      'data',
      'IMAGE_TOO_LARGE',
      `${file} claims ${height} × ${width} pixels; at most ${maxPixels.toLocaleString('en')} are decoded.`,
      { hint: 'Scale the pictures down first.', place: { file } },
    );
  }
  const sampleBytes = depth === 'ushort' ? 2 : 1;
  assertFits({
    // What is decoded, and the RGB that is made of it.
    bytes: height * width * (channels * sampleBytes + 3),
    what: `${height} × ${width} pixels`,
    file,
    maxMegabytes,
  });
}

/** Samples as they are stored. */
interface Stored {
  readonly height: number;
  readonly width: number;
  readonly samples: Uint8Array | Uint16Array;
  /** Numbers of a pixel: the colours, then the alpha. */
  readonly channels: number;
  readonly hasAlpha: boolean;
  readonly cmyk: boolean;
}

async function rawPixels(image: Sharp, { space, depth, hasAlpha }: Metadata): Promise<Stored> {
  const cmyk = space === 'cmyk';
  const deep = depth === 'ushort';
  const kept = cmyk ? 'cmyk' : deep ? space : 'srgb';
  if (kept !== 'srgb') image.pipelineColourspace(kept);
  const { data, info } = await image
    .toColourspace(kept)
    .raw({ depth: deep ? 'ushort' : 'uchar' })
    .toBuffer({ resolveWithObject: true });
  const samples = deep ? new Uint16Array(data.buffer, data.byteOffset, data.length / 2) : data;
  const { height, width, channels } = info;
  return { height, width, samples, channels, hasAlpha, cmyk };
}

function toChannels(stored: Stored, channels: 1 | 3, background: Colour | null): Picture {
  const { height, width, samples, hasAlpha, cmyk } = stored;
  const step = stored.channels;
  const deep = samples instanceof Uint16Array;
  const colours = step - (hasAlpha ? 1 : 0);
  const most = deep ? 65535 : 255;
  const pixels = new Uint8Array(height * width * channels);
  let transparent = false;
  const colour = (at: number, c: number): number => {
    if (cmyk) return Math.round(((255 - samples[at + c]!) * (255 - samples[at + 3]!)) / 255);
    const sample = samples[at + (colours === 1 ? 0 : c)]!;
    return deep ? Math.round(sample / 257) : sample;
  };
  for (let p = 0, at = 0; p < height * width; p++, at += step) {
    let [r, g, b] = [colour(at, 0), colour(at, 1), colour(at, 2)];
    const alpha = hasAlpha ? samples[at + step - 1]! / most : 1;
    if (alpha < 1) {
      transparent = true;
      if (background) {
        const over = (value: number, c: number) =>
          Math.round(background[c]! + alpha * (value - background[c]!));
        [r, g, b] = [over(r, 0), over(g, 1), over(b, 2)];
      }
    }
    if (channels === 1) pixels[p] = luma(r, g, b);
    else [pixels[3 * p], pixels[3 * p + 1], pixels[3 * p + 2]] = [r, g, b];
  }
  return { height, width, pixels, transparent };
}

/** The grey of a colour, as libjpeg computes it. */
export const luma = (red: number, green: number, blue: number): number =>
  (19595 * red + 38470 * green + 7471 * blue + 32768) >> 16;

function corrupt(message: string, file: string): UserError {
  const hint = 'The picture is truncated or damaged; fetch it again.';
  return new UserError('data', 'IMAGE_CORRUPT', message, { hint, place: { file } });
}
