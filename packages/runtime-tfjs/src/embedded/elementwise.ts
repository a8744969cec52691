import { floatsOf, floatTensor, type Kernel, type Kernels } from './kernel.js';

type Unary = (x: Float32Array, y: Float32Array, attrs: Readonly<Record<string, unknown>>) => void;
/** `b` is repeated along `a`; `period` is its length. */
type Binary = (a: Float32Array, b: Float32Array, y: Float32Array, period: number) => void;

/**
 * Operations on every element. Each has its own loop: one loop that is given the operation as a function is
 * several times slower, as the compiler cannot inline many.
 */
export function elementwiseKernels(): Kernels {
  return {
    Relu: unary((x, y) => {
      for (let i = 0; i < x.length; i++) y[i] = Math.max(x[i]!, 0);
    }),
    Step: unary((x, y, { alpha }) => {
      const below = alpha as number;
      for (let i = 0; i < x.length; i++) {
        y[i] = x[i]! > 0 ? 1 : Number.isNaN(x[i]!) ? Number.NaN : below;
      }
    }),
    Neg: unary((x, y) => {
      for (let i = 0; i < x.length; i++) y[i] = -x[i]!;
    }),
    Square: unary((x, y) => {
      for (let i = 0; i < x.length; i++) y[i] = x[i]! * x[i]!;
    }),
    Sqrt: unary((x, y) => {
      for (let i = 0; i < x.length; i++) y[i] = Math.sqrt(x[i]!);
    }),
    Exp: unary((x, y) => {
      for (let i = 0; i < x.length; i++) y[i] = Math.exp(x[i]!);
    }),
    Abs: unary((x, y) => {
      for (let i = 0; i < x.length; i++) y[i] = Math.abs(x[i]!);
    }),
    ClipByValue: unary((x, y, { clipValueMin, clipValueMax }) => {
      const [low, high] = [clipValueMin as number, clipValueMax as number];
      for (let i = 0; i < x.length; i++) {
        const value = x[i]!;
        y[i] = value < low ? low : value > high ? high : value;
      }
    }),
    Add: binary(
      (a, b, y, period) => {
        if (period === 1) for (let i = 0, k = b[0]!; i < a.length; i++) y[i] = a[i]! + k;
        else
          for (let at = 0; at < a.length; at += period)
            for (let i = 0; i < period; i++) y[at + i] = a[at + i]! + b[i]!;
      },
      { commutes: true },
    ),
    Multiply: binary(
      (a, b, y, period) => {
        if (period === 1) for (let i = 0, k = b[0]!; i < a.length; i++) y[i] = a[i]! * k;
        else
          for (let at = 0; at < a.length; at += period)
            for (let i = 0; i < period; i++) y[at + i] = a[at + i]! * b[i]!;
      },
      { commutes: true },
    ),
    Sub: binary(
      (a, b, y, period) => {
        if (period === 1) for (let i = 0, k = b[0]!; i < a.length; i++) y[i] = a[i]! - k;
        else
          for (let at = 0; at < a.length; at += period)
            for (let i = 0; i < period; i++) y[at + i] = a[at + i]! - b[i]!;
      },
      { commutes: false },
    ),
    RealDiv: binary(
      (a, b, y, period) => {
        if (period === 1) for (let i = 0, k = b[0]!; i < a.length; i++) y[i] = a[i]! / k;
        else
          for (let at = 0; at < a.length; at += period)
            for (let i = 0; i < period; i++) y[at + i] = a[at + i]! / b[i]!;
      },
      { commutes: false },
    ),
  };
}

function unary(compute: Unary): Kernel {
  return ({ inputs, attrs, backend }) => {
    const x = floatsOf(backend, inputs['x']);
    if (!x) return undefined;
    const y = new Float32Array(x.length);
    compute(x, y, attrs);
    return floatTensor(backend, inputs['x']!.shape, y);
  };
}

/** Covers operands of one shape, and one whose shape is the end of the other's (a bias, a number). */
function binary(compute: Binary, { commutes }: { commutes: boolean }): Kernel {
  return ({ inputs, backend }) => {
    let [left, right] = [inputs['a']!, inputs['b']!];
    if (commutes && !endsWith(left.shape, right.shape)) [left, right] = [right, left];
    if (!endsWith(left.shape, right.shape)) return undefined;
    const [a, b] = [floatsOf(backend, left), floatsOf(backend, right)];
    if (!a || !b) return undefined;
    const y = new Float32Array(a.length);
    if (y.length > 0) compute(a, b, y, b.length);
    return floatTensor(backend, left.shape, y);
  };
}

function endsWith(shape: readonly number[], end: readonly number[]): boolean {
  const offset = shape.length - end.length;
  return offset >= 0 && end.every((size, i) => size === shape[offset + i]);
}
