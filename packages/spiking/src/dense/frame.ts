import type { DensePool } from './pool.js';
import type { ConvShape, Floats } from './shapes.js';

/** Images in frames of zeros, so that the kernels need not look for edges. */
export interface Frame {
  readonly height: number;
  readonly width: number;
  /** Pixels from one row (column) of the image to the next. */
  readonly spread: readonly [vertical: number, horizontal: number];
}

/** The frame that the windows of a convolution cover. */
export function windowFrame(s: ConvShape): Frame {
  return {
    height: (s.outHeight - 1) * s.strideHeight + s.kernelHeight,
    width: (s.outWidth - 1) * s.strideWidth + s.kernelWidth,
    spread: [1, 1],
  };
}

/**
 * Copies images into the heap, each in a frame: pixel (y, x) goes to (padTop + y·spread, padLeft + x·spread), and
 * what lies outside the frame is cut off.
 *
 * @returns the offset of [images, frame.height, frame.width, channels]
 */
export function copyFramed(
  pool: DensePool,
  x: Floats,
  first: number,
  images: number,
  s: Pick<ConvShape, 'height' | 'width' | 'channels' | 'padTop' | 'padLeft'>,
  frame: Frame,
): number {
  const { channels } = s;
  const [spreadY, spreadX] = frame.spread;
  const rowSize = frame.width * channels;
  const imageSize = frame.height * rowSize;
  const at = pool.allocate(4 * images * imageSize);
  const to = pool.floats(at, images * imageSize);
  const same =
    s.padTop === 0 && s.padLeft === 0 && frame.height === s.height && frame.width === s.width;
  if (same && spreadX === 1 && spreadY === 1) {
    to.set(x.subarray(first * imageSize, (first + images) * imageSize));
    return at;
  }
  to.fill(0);
  // The columns of the image that lie within the frame.
  const left = Math.max(0, Math.ceil(-s.padLeft / spreadX));
  const right = Math.min(s.width, Math.ceil((frame.width - s.padLeft) / spreadX));
  if (left >= right) return at;
  // Pixels that stay neighbours are copied together.
  const run = spreadX === 1 ? right - left : 1;
  for (let image = 0; image < images; image++) {
    for (let y = 0; y < s.height; y++) {
      const row = s.padTop + y * spreadY;
      if (row < 0 || row >= frame.height) continue;
      const source = ((first + image) * s.height + y) * s.width;
      const target = image * imageSize + row * rowSize;
      for (let column = left; column < right; column += run) {
        to.set(
          x.subarray((source + column) * channels, (source + column + run) * channels),
          target + (s.padLeft + column * spreadX) * channels,
        );
      }
    }
  }
  return at;
}
