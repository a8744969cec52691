import type { DenseCalls, Place, RowLayout } from './calls.js';
import type { Floats } from './shapes.js';

/** Images in the heap, each in a frame of zeros that no kernel writes. */
export interface Field {
  /** The offset of the frame's first pixel, and of the image's. */
  readonly frame: number;
  readonly image: number;
  /** Floats from one pixel of the image to the next; more than the channels where they are spread. */
  readonly place: Place;
  /** Floats from one row of the frame to the next. */
  readonly rowSize: number;
  readonly height: number;
  readonly width: number;
  readonly channels: number;
}

/** Whether the images lie beside each other without a frame. */
export function isPlain({ place, width, height, channels }: Field): boolean {
  return place.xStep === channels && place.imageStep === height * width * channels;
}

/** Windows of a framed field, one for each pixel of `of`. */
export function windowRows(
  { place, rowSize, channels }: Field,
  images: number,
  kernel: number,
  stride: number,
  of: { readonly height: number; readonly width: number },
): RowLayout {
  return {
    rows: images * of.height * of.width,
    height: of.height,
    width: of.width,
    place: { imageStep: place.imageStep, yStep: stride * rowSize, xStep: stride * channels },
    segments: kernel,
    segmentStep: rowSize,
    length: kernel * channels,
  };
}

/** The rows of a matrix [rows, length]. */
export function matrixRows(rows: number, length: number): RowLayout {
  const place = { imageStep: 0, yStep: 0, xStep: length };
  return { rows, height: 1, width: rows, place, segments: 1, segmentStep: 0, length };
}

/** Copies images that lie beside each other into a field: `runs` stretches of `length` numbers an image. */
export function copyRows(
  { pool }: DenseCalls,
  from: Floats,
  { image, place, height, width, channels }: Field,
  images: number,
  runs: number,
  length: number,
): void {
  const last = (images - 1) * place.imageStep + (height - 1) * place.yStep;
  const to = pool.floats(image, last + (width - 1) * place.xStep + channels);
  const perRow = (width * channels) / length;
  for (let i = 0; i < images; i++)
    for (let run = 0; run < runs; run++) {
      const start = (i * runs + run) * length;
      const y = Math.floor(run / perRow);
      const x = run % perRow;
      to.set(
        from.subarray(start, start + length),
        i * place.imageStep + y * place.yStep + x * place.xStep,
      );
    }
}
