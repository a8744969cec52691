import type { Picture } from './decode-image.js';

/** How pictures of any size are brought to one. */
export interface Fit {
  readonly height: number;
  readonly width: number;
  /**
   * crop: scaled until it covers the size, the middle is taken; pad: scaled until it lies within, the rest is of the
   * background; stretch: height and width are scaled by factors of their own.
   */
  readonly mode: 'crop' | 'pad' | 'stretch';
  /** Red, green and blue, or grey thrice. */
  readonly background: readonly [number, number, number];
}

const modes = { crop: 'cover', pad: 'contain', stretch: 'fill' } as const;

/**
 * Brings a picture to a size: by Lanczos' kernel over three pixels, which is widened where the picture gets smaller, so
 * that nothing is skipped. One that has the size stays as it is.
 */
export async function fitPicture(picture: Picture, fit: Fit): Promise<Picture> {
  const { height, width, pixels } = picture;
  if (height === fit.height && width === fit.width) return picture;
  const channels = pixels.length === height * width ? 1 : 3;
  const { default: sharp } = await import('sharp');
  const [r, g, b] = fit.background;
  const image = sharp(pixels, { raw: { height, width, channels }, limitInputPixels: false })
    .resize({
      height: fit.height,
      width: fit.width,
      fit: modes[fit.mode],
      position: 'centre',
      kernel: 'lanczos3',
      fastShrinkOnLoad: false,
      background: { r, g, b, alpha: 1 },
    })
    .removeAlpha()
    .toColourspace(channels === 1 ? 'b-w' : 'srgb');
  const data = await image.raw().toBuffer();
  const fitted = new Uint8Array(data.buffer, data.byteOffset, data.length);
  return { ...picture, height: fit.height, width: fit.width, pixels: fitted };
}
