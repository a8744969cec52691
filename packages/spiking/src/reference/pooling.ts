import type { Window } from '@privatesnn/core';

type Shape = readonly [height: number, width: number, channels: number];

/** Pooling over windows; pixels of the padding are in no sum and never the largest. */
export interface Pooling {
  readonly window: Window;
  /** What the sum of a full window is divided by for its mean. */
  readonly area: number;
  /** What sums can be divided by in the place of the mean, where they have to be whole (average-divisor.ts). */
  readonly divisor: number;
  /** Whether that of every window is, the padding being zeros; else each is divided by its own pixels. */
  readonly countPadded: boolean;
  readonly input: Shape;
  readonly output: Shape;
}

/** The mean of each window. */
export function averagePool(pooling: Pooling, x: Float32Array): Float32Array {
  const result = new Float32Array(numbersIn(pooling.output));
  forEachWindow(pooling, (output, window) => {
    const divisor = divisorOf(pooling, window);
    result[output] = window.reduce((sum, input) => sum + x[input]!, 0) / divisor;
  });
  return result;
}

/** The sum of each window. */
export function sumPool(pooling: Pooling, x: Float32Array): Float32Array {
  const result = new Float32Array(numbersIn(pooling.output));
  forEachWindow(pooling, (output, window) => {
    result[output] = window.reduce((sum, input) => sum + x[input]!, 0);
  });
  return result;
}

/** The mean's gradient: an equal part for every unit of the window. */
export function averagePoolGradient(pooling: Pooling, gradient: Float32Array): Float32Array {
  const result = new Float32Array(numbersIn(pooling.input));
  forEachWindow(pooling, (output, window) => {
    const part = gradient[output]! / divisorOf(pooling, window);
    for (const input of window) result[input]! += part;
  });
  return result;
}

/** The largest value of each window: a spike where any unit of the window spiked. */
export function maxPool(pooling: Pooling, x: Float32Array): Float32Array {
  const result = new Float32Array(numbersIn(pooling.output));
  forEachWindow(pooling, (output, window) => {
    result[output] = x[firstLargest(x, window)]!;
  });
  return result;
}

/** The maximum's gradient: all of it to the first unit, row by row, that has the largest value. */
export function maxPoolGradient(
  pooling: Pooling,
  x: Float32Array,
  gradient: Float32Array,
): Float32Array {
  const result = new Float32Array(numbersIn(pooling.input));
  forEachWindow(pooling, (output, window) => {
    result[firstLargest(x, window)]! += gradient[output]!;
  });
  return result;
}

/**
 * The unit whose gate is open in each window, at each time-step: the one that has given most so far, that time-step's
 * included (Rueckauer 2017); until another has given more the gate stays where it is, at first at the window's first. So
 * as many spikes have passed as the most active unit has given.
 */
export function gates(pooling: Pooling, signal: readonly Float32Array[]): Int32Array[] {
  const given = new Float64Array(numbersIn(pooling.input));
  let open: Int32Array | undefined;
  return signal.map((x) => {
    x.forEach((value, i) => (given[i]! += value));
    const before = open;
    const now = new Int32Array(numbersIn(pooling.output));
    forEachWindow(pooling, (output, window) => {
      const start = before?.[output] ?? window[0]!;
      now[output] = window.reduce((best, i) => (given[i]! > given[best]! ? i : best), start);
    });
    return (open = now);
  });
}

/** The gradient behind gates: all of it to the unit whose gate is open. */
export function gatedGradient(
  pooling: Pooling,
  open: Int32Array,
  gradient: Float32Array,
): Float32Array {
  const result = new Float32Array(numbersIn(pooling.input));
  open.forEach((input, output) => (result[input]! += gradient[output]!));
  return result;
}

function firstLargest(x: Float32Array, window: readonly number[]): number {
  return window.reduce((best, input) => (x[input]! > x[best]! ? input : best));
}

function divisorOf({ area, countPadded }: Pooling, window: readonly number[]): number {
  return countPadded ? area : window.length;
}

/** Calls `visit` with each output unit and the units of its window that are in the image, row by row. */
function forEachWindow(
  { window: { kernel, stride, padding }, input, output }: Pooling,
  visit: (output: number, window: readonly number[]) => void,
): void {
  const [inHeight, inWidth, channels] = input;
  const [outHeight, outWidth] = output;
  for (let y = 0; y < outHeight; y++) {
    for (let x = 0; x < outWidth; x++) {
      for (let c = 0; c < channels; c++) {
        const window: number[] = [];
        for (let dy = 0; dy < kernel[0]; dy++) {
          for (let dx = 0; dx < kernel[1]; dx++) {
            const inY = y * stride[0] - padding[0] + dy;
            const inX = x * stride[1] - padding[2] + dx;
            if (inY < 0 || inY >= inHeight || inX < 0 || inX >= inWidth) continue;
            window.push((inY * inWidth + inX) * channels + c);
          }
        }
        visit((y * outWidth + x) * channels + c, window);
      }
    }
  }
}

function numbersIn(shape: Shape): number {
  return shape[0] * shape[1] * shape[2];
}
