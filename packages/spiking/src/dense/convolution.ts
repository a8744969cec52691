import type { DenseCalls, MatrixLayout } from './calls.js';
import { copyFramed, windowFrame, type Frame } from './frame.js';
import type { ConvShape, Floats } from './shapes.js';
import { winogradOutputs, type Outputs } from './winograd.js';

/** Working memory above which a batch is split, in floats. */
const floatsPerPart = 2 ** 26;

/** @returns [images, outHeight, outWidth, filters] */
export function conv(calls: DenseCalls, s: ConvShape, x: Floats, filter: Floats): Float32Array {
  const weights = upright(s.kernelHeight * s.kernelWidth, s.channels, s.filters);
  return convolve(calls, s, windowFrame(s), x, filter, { weights, outputs: winogradOutputs(s) });
}

/**
 * The gradient with respect to the input: the output gradient, spread by the stride, convolved with the filter
 * turned by 180° and its channels swapped.
 *
 * @param dy [images, outHeight, outWidth, filters]
 * @returns [images, height, width, channels]
 */
export function convInputGradient(
  calls: DenseCalls,
  s: ConvShape,
  dy: Floats,
  filter: Floats,
): Float32Array {
  const taps = s.kernelHeight * s.kernelWidth;
  const backwards: ConvShape = {
    images: s.images,
    height: s.outHeight,
    width: s.outWidth,
    channels: s.filters,
    kernelHeight: s.kernelHeight,
    kernelWidth: s.kernelWidth,
    filters: s.channels,
    strideHeight: 1,
    strideWidth: 1,
    padTop: s.kernelHeight - 1 - s.padTop,
    padLeft: s.kernelWidth - 1 - s.padLeft,
    outHeight: s.height,
    outWidth: s.width,
  };
  const frame: Frame = {
    height: s.height + s.kernelHeight - 1,
    width: s.width + s.kernelWidth - 1,
    spread: [s.strideHeight, s.strideWidth],
  };
  const weights = turned(taps, s.channels, s.filters);
  const { strideHeight, strideWidth } = s;
  const outputs = winogradOutputs({ ...backwards, strideHeight, strideWidth });
  return convolve(calls, backwards, frame, dy, filter, { weights, outputs });
}

/**
 * The gradient with respect to the filter, summed over images.
 *
 * @param dy [images, outHeight, outWidth, filters]
 * @returns [kernelHeight, kernelWidth, channels, filters]
 */
export function convFilterGradient(
  calls: DenseCalls,
  s: ConvShape,
  x: Floats,
  dy: Floats,
): Float32Array {
  const frame = windowFrame(s);
  const rowSize = frame.width * s.channels;
  const outSize = s.outHeight * s.outWidth * s.filters;
  const length = s.kernelWidth * s.channels;
  const result = new Float32Array(s.kernelHeight * length * s.filters);
  forEachPart(s.images, frame.height * rowSize + 2 * outSize, (first, images) => {
    calls.pool.scope(() => {
      const from = copyFramed(calls.pool, x, first, images, s, frame);
      const packed = calls.pack(
        dy.subarray(first * outSize, (first + images) * outSize) as Floats,
        rowMajor(images * s.outHeight * s.outWidth, s.filters),
      );
      const pixels = {
        segments: Array.from({ length: images * s.outHeight }, (_, i) => {
          const y = (i % s.outHeight) * s.strideHeight;
          return (Math.floor(i / s.outHeight) * frame.height + y) * rowSize;
        }),
        width: s.outWidth,
        xStep: s.strideWidth * s.channels,
        kernelRows: s.kernelHeight,
        kernelStep: rowSize,
        length,
      };
      const part = calls.outer(from, pixels, packed, s.filters);
      if (first === 0) result.set(part);
      else for (let i = 0; i < part.length; i++) result[i]! += part[i]!;
    });
  });
  return result;
}

function convolve(
  calls: DenseCalls,
  s: ConvShape,
  frame: Frame,
  x: Floats,
  filter: Floats,
  { weights, outputs }: { readonly weights: MatrixLayout; readonly outputs: Outputs },
): Float32Array {
  const rowSize = frame.width * s.channels;
  const outSize = s.outHeight * s.outWidth * s.filters;
  const result = new Float32Array(s.images * outSize);
  calls.pool.scope(() => {
    const packed = calls.pack(filter, weights, outputs);
    forEachPart(s.images, frame.height * rowSize + outSize, (first, images) => {
      calls.pool.scope(() => {
        const from = copyFramed(calls.pool, x, first, images, s, frame);
        const rows = {
          rows: images * s.outHeight * s.outWidth,
          height: s.outHeight,
          width: s.outWidth,
          place: {
            imageStep: frame.height * rowSize,
            yStep: s.strideHeight * rowSize,
            xStep: s.strideWidth * s.channels,
          },
          segments: s.kernelHeight,
          segmentStep: rowSize,
          length: s.kernelWidth * s.channels,
        };
        result.set(calls.product(from, rows, packed, s.filters), first * outSize);
      });
    });
  });
  return result;
}

/** A matrix [depth, columns] as it is. */
export function rowMajor(depth: number, columns: number): MatrixLayout {
  return { taps: 1, depth, columns, rowStep: columns, columnStep: 1 };
}

/** A filter [taps, channels, filters] as it is. */
export function upright(taps: number, channels: number, filters: number): MatrixLayout {
  const tapStep = channels * filters;
  return { taps, depth: channels, columns: filters, tapStep, rowStep: filters, columnStep: 1 };
}

/** A filter [taps, channels, filters] turned by 180°, its channels swapped; with one tap, a transposed matrix. */
export function turned(taps: number, channels: number, filters: number): MatrixLayout {
  const size = channels * filters;
  return {
    taps,
    depth: filters,
    columns: channels,
    origin: (taps - 1) * size,
    tapStep: -size,
    rowStep: 1,
    columnStep: filters,
  };
}

/** Splits images so that one part's working memory stays bounded. */
function forEachPart(
  images: number,
  floatsPerImage: number,
  work: (first: number, count: number) => void,
): void {
  const most = Math.max(1, Math.floor(floatsPerPart / floatsPerImage));
  for (let first = 0; first < images; first += most) work(first, Math.min(most, images - first));
}
