type Shape = readonly [height: number, width: number, channels: number];

/** Pooling over windows of `size` × `size` that do not overlap; pixels that fill no whole window are left out. */
export interface Pooling {
  readonly size: number;
  readonly input: Shape;
  readonly output: Shape;
}

/** The mean of each window. */
export function averagePool(pooling: Pooling, x: Float32Array): Float32Array {
  const result = new Float32Array(numbersIn(pooling.output));
  forEachWindow(pooling, (output, window) => {
    result[output] = window.reduce((sum, input) => sum + x[input]!, 0) / window.length;
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
    for (const input of window) result[input] = gradient[output]! / window.length;
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
    result[firstLargest(x, window)] = gradient[output]!;
  });
  return result;
}

function firstLargest(x: Float32Array, window: readonly number[]): number {
  return window.reduce((best, input) => (x[input]! > x[best]! ? input : best));
}

/** Calls `visit` with each output unit and the units of its window, row by row. */
function forEachWindow(
  { size, input, output }: Pooling,
  visit: (output: number, window: readonly number[]) => void,
): void {
  const [, inWidth, channels] = input;
  const [outHeight, outWidth] = output;
  for (let y = 0; y < outHeight; y++) {
    for (let x = 0; x < outWidth; x++) {
      for (let c = 0; c < channels; c++) {
        const window: number[] = [];
        for (let dy = 0; dy < size; dy++) {
          for (let dx = 0; dx < size; dx++) {
            window.push(((y * size + dy) * inWidth + x * size + dx) * channels + c);
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
