import type { TensorInfo } from '@tensorflow/tfjs-core';

import type { Tf } from '../runtime.js';
import { floatsOf, floatTensor, type KernelCall, type Kernels } from './kernel.js';

/** Where the windows of a pooling lie: they do not overlap, and none reaches beyond the image. */
interface Windows {
  readonly inShape: readonly number[];
  readonly outShape: readonly number[];
  readonly channels: number;
  /** For each window in turn: the place of its first pixel's first channel. */
  readonly starts: Int32Array;
  /** The places of a window's pixels, relative to its first. */
  readonly offsets: readonly number[];
}

/** Pooling without overlap and padding, and its gradients. */
export function poolingKernels(tf: Tf): Kernels {
  const windowsOf = (x: TensorInfo, attrs: KernelCall['attrs']): Windows | undefined => {
    const info = tf.backend_util.computePool2DInfo(
      x.shape as [number, number, number, number],
      attrs['filterSize'] as [number, number],
      attrs['strides'] as [number, number],
      1,
      attrs['pad'] as 'same' | 'valid' | number,
      attrs['dimRoundingMode'] as 'floor' | undefined,
    );
    const { inHeight, inWidth, outHeight, outWidth, inChannels, batchSize } = info;
    const [height, width] = [info.filterHeight, info.filterWidth];
    const { strideHeight, strideWidth } = info;
    const apart = strideHeight >= height && strideWidth >= width;
    const inside =
      (outHeight - 1) * strideHeight + height <= inHeight &&
      (outWidth - 1) * strideWidth + width <= inWidth;
    if (
      !apart ||
      !inside ||
      Object.values(info.padInfo).some((pad) => typeof pad === 'number' && pad > 0)
    )
      return undefined;
    const starts = new Int32Array(batchSize * outHeight * outWidth);
    for (let i = 0; i < starts.length; i++) {
      const row = Math.floor(i / outWidth);
      const [image, y] = [Math.floor(row / outHeight), row % outHeight];
      const pixel = (image * inHeight + y * strideHeight) * inWidth + (i % outWidth) * strideWidth;
      starts[i] = pixel * inChannels;
    }
    const offsets = Array.from(
      { length: height * width },
      (_, i) => (Math.floor(i / width) * inWidth + (i % width)) * inChannels,
    );
    return {
      inShape: info.inShape,
      outShape: info.outShape,
      channels: inChannels,
      starts,
      offsets,
    };
  };
  return {
    AvgPool: ({ inputs, attrs, backend }) => {
      const x = floatsOf(backend, inputs['x']);
      const windows = windowsOf(inputs['x']!, attrs);
      if (!x || !windows) return undefined;
      return floatTensor(backend, windows.outShape, averages(x, windows));
    },
    AvgPoolGrad: ({ inputs, attrs, backend }) => {
      const dy = floatsOf(backend, inputs['dy']);
      const windows = windowsOf(inputs['input']!, attrs);
      if (!dy || !windows) return undefined;
      return floatTensor(backend, windows.inShape, averagesGradient(dy, windows));
    },
    MaxPool: ({ inputs, attrs, backend }) => {
      const x = floatsOf(backend, inputs['x']);
      const windows = windowsOf(inputs['x']!, attrs);
      if (!x || !windows) return undefined;
      const { places, values } = maxima(x, windows);
      for (let i = 0; i < values.length; i++) values[i] = x[places[i]!]!;
      return floatTensor(backend, windows.outShape, values);
    },
    MaxPoolGrad: ({ inputs, attrs, backend }) => {
      const dy = floatsOf(backend, inputs['dy']);
      const x = floatsOf(backend, inputs['input']);
      const windows = windowsOf(inputs['input']!, attrs);
      if (!dy || !x || !windows) return undefined;
      const { places } = maxima(x, windows);
      const dx = new Float32Array(x.length);
      for (let i = 0; i < dy.length; i++) dx[places[i]!] = dy[i]!;
      return floatTensor(backend, windows.inShape, dx);
    },
  };
}

function averages(x: Float32Array, { starts, offsets, channels }: Windows): Float32Array {
  const y = new Float32Array(starts.length * channels);
  const weight = 1 / offsets.length;
  for (let i = 0; i < starts.length; i++) {
    const to = i * channels;
    for (const offset of offsets) {
      const from = starts[i]! + offset;
      for (let c = 0; c < channels; c++) y[to + c]! += x[from + c]!;
    }
    for (let c = 0; c < channels; c++) y[to + c]! *= weight;
  }
  return y;
}

function averagesGradient(
  dy: Float32Array,
  { inShape, starts, offsets, channels }: Windows,
): Float32Array {
  const dx = new Float32Array(inShape.reduce((product, size) => product * size, 1));
  const weight = 1 / offsets.length;
  for (let i = 0; i < starts.length; i++) {
    const from = i * channels;
    for (const offset of offsets) {
      const to = starts[i]! + offset;
      for (let c = 0; c < channels; c++) dx[to + c] = dy[from + c]! * weight;
    }
  }
  return dx;
}

/** The place of each window's largest number, the first one of equals; `values` is room for the result. */
function maxima(
  x: Float32Array,
  { starts, offsets, channels }: Windows,
): { places: Int32Array; values: Float32Array } {
  const places = new Int32Array(starts.length * channels);
  for (let i = 0; i < starts.length; i++) {
    for (let c = 0; c < channels; c++) {
      let best = starts[i]! + c;
      for (let k = 1; k < offsets.length; k++) {
        const at = starts[i]! + offsets[k]! + c;
        if (x[at]! > x[best]! || Number.isNaN(x[at]!)) best = at;
      }
      places[i * channels + c] = best;
    }
  }
  return { places, values: new Float32Array(places.length) };
}
