import type { Tensor, Tensor1D, Tensor4D } from '@tensorflow/tfjs-core';

import type { Tf } from '../index.js';

/** One operation of tfjs that the project uses, on small tensors. */
export interface OperationCase {
  /** The operation's name in tfjs, then what is special about the case. */
  readonly name: string;
  /** Shapes of the operands. */
  readonly shapes: readonly (readonly number[])[];
  /** Positive operands only, for roots, logarithms and divisors. */
  readonly positive?: boolean;
  readonly compute: (tf: Tf, ...operands: Tensor[]) => Tensor;
  /** The same by its definition; the operands' numbers are row-major. */
  readonly formula: (...operands: Float32Array[]) => number[];
  /**
   * The operands whose gradients are compared, all when left out. tfjs has none for indices, nor for the operand
   * that is repeated in a maximum, a minimum or a batch of products.
   */
  readonly differentiable?: readonly number[];
}

const elements = (f: (x: number) => number) => (x: Float32Array) => Array.from(x, f);
const pairs = (f: (a: number, b: number) => number) => (a: Float32Array, b: Float32Array) =>
  Array.from(a, (value, i) => f(value, b[i % b.length]!));
const rowsOf = (x: Float32Array, width: number): number[][] =>
  Array.from({ length: x.length / width }, (_, i) =>
    Array.from(x.subarray(i * width, (i + 1) * width)),
  );
const total = (values: readonly number[]): number => values.reduce((sum, value) => sum + value, 0);
const softmax = (row: readonly number[]): number[] => {
  const exponentials = row.map(Math.exp);
  return exponentials.map((value) => value / total(exponentials));
};

/** Windows of 2 × 2 of one image of 4 × 4 pixels and two channels. */
const pooled = (reduce: (window: number[]) => number) => (x: Float32Array) =>
  Array.from({ length: 8 }, (_, i) => {
    const [y, column, channel] = [Math.floor(i / 4), Math.floor(i / 2) % 2, i % 2];
    const at = (dy: number, dx: number): number =>
      x[((2 * y + dy) * 4 + 2 * column + dx) * 2 + channel]!;
    return reduce([at(0, 0), at(0, 1), at(1, 0), at(1, 1)]);
  });

/** One image of `side` × `side` pixels and two channels, filters [3, 3, 2, 3]. */
const convolved =
  (side: number, stride: number, before: number, out: number) =>
  (x: Float32Array, filter: Float32Array) => {
    const result: number[] = [];
    for (let y = 0; y < out; y++)
      for (let column = 0; column < out; column++)
        for (let o = 0; o < 3; o++) {
          let sum = 0;
          for (let ky = 0; ky < 3; ky++)
            for (let kx = 0; kx < 3; kx++)
              for (let c = 0; c < 2; c++) {
                const [row, col] = [y * stride + ky - before, column * stride + kx - before];
                if (row < 0 || row >= side || col < 0 || col >= side) continue;
                sum += x[(row * side + col) * 2 + c]! * filter[((ky * 3 + kx) * 2 + c) * 3 + o]!;
              }
          result.push(sum);
        }
    return result;
  };

/** [3, 4] · [4, 2], either stored transposed. */
const multiplied =
  (transposeA: boolean, transposeB: boolean) => (a: Float32Array, b: Float32Array) =>
    Array.from({ length: 6 }, (_, i) => {
      const [row, column] = [Math.floor(i / 2), i % 2];
      return total(
        [0, 1, 2, 3].map(
          (k) =>
            a[transposeA ? k * 3 + row : row * 4 + k]! *
            b[transposeB ? column * 4 + k : k * 2 + column]!,
        ),
      );
    });

/** Every operation that the project's sources call (operations.test.ts sees to it), and those of their gradients. */
export const operationCases: readonly OperationCase[] = [
  {
    name: 'conv2d, padded',
    shapes: [
      [1, 4, 4, 2],
      [3, 3, 2, 3],
    ],
    compute: (tf, x, filter) => tf.conv2d(x as Tensor4D, filter as Tensor4D, 1, 'same'),
    formula: convolved(4, 1, 1, 4),
  },
  {
    name: 'conv2d, stride 2, unpadded',
    shapes: [
      [1, 6, 6, 2],
      [3, 3, 2, 3],
    ],
    compute: (tf, x, filter) => tf.conv2d(x as Tensor4D, filter as Tensor4D, 2, 'valid'),
    formula: convolved(6, 2, 0, 2),
  },
  {
    name: 'depthwiseConv2d, two filters a channel',
    shapes: [
      [1, 4, 4, 2],
      [3, 3, 2, 2],
    ],
    compute: (tf, x, filter) => tf.depthwiseConv2d(x as Tensor4D, filter as Tensor4D, 1, 'valid'),
    formula: (x, filter) =>
      Array.from({ length: 16 }, (_, i) => {
        const [y, column, o] = [Math.floor(i / 8), Math.floor(i / 4) % 2, i % 4];
        return total(
          Array.from({ length: 9 }, (_, k) => {
            const [row, col] = [y + Math.floor(k / 3), column + (k % 3)];
            return x[(row * 4 + col) * 2 + Math.floor(o / 2)]! * filter[k * 4 + o]!;
          }),
        );
      }),
  },
  ...[false, true].flatMap((transposeA) =>
    [false, true].map((transposeB): OperationCase => ({
      name: `matMul${transposeA ? ', left transposed' : ''}${transposeB ? ', right transposed' : ''}`,
      shapes: [transposeA ? [4, 3] : [3, 4], transposeB ? [2, 4] : [4, 2]],
      compute: (tf, a, b) => tf.matMul(a, b, transposeA, transposeB),
      formula: multiplied(transposeA, transposeB),
    })),
  ),
  {
    name: 'matMul, one left matrix for a batch',
    differentiable: [1],
    shapes: [
      [1, 2, 2],
      [3, 2, 2],
    ],
    compute: (tf, a, b) => tf.matMul(a, b),
    formula: (a, b) =>
      rowsOf(b, 4).flatMap((m) => [
        a[0]! * m[0]! + a[1]! * m[2]!,
        a[0]! * m[1]! + a[1]! * m[3]!,
        a[2]! * m[0]! + a[3]! * m[2]!,
        a[2]! * m[1]! + a[3]! * m[3]!,
      ]),
  },
  {
    name: 'avgPool',
    shapes: [[1, 4, 4, 2]],
    compute: (tf, x) => tf.avgPool(x as Tensor4D, 2, 2, 'valid'),
    formula: pooled((window) => total(window) / 4),
  },
  {
    name: 'avgPool, windows with gaps between them',
    shapes: [[1, 3, 4, 2]],
    compute: (tf, x) => tf.avgPool(x as Tensor4D, 1, 2, 'valid'),
    formula: (x) => [0, 1, 4, 5, 16, 17, 20, 21].map((i) => x[i]!),
  },
  {
    name: 'maxPool',
    shapes: [[1, 4, 4, 2]],
    compute: (tf, x) => tf.maxPool(x as Tensor4D, 2, 2, 'valid'),
    formula: pooled((window) => Math.max(...window)),
  },
  {
    name: 'softmax',
    shapes: [[2, 3]],
    compute: (tf, x) => tf.softmax(x),
    formula: (x) => rowsOf(x, 3).flatMap(softmax),
  },
  {
    name: 'logSoftmax',
    shapes: [[2, 3]],
    compute: (tf, x) => tf.logSoftmax(x),
    formula: (x) => rowsOf(x, 3).flatMap((row) => softmax(row).map(Math.log)),
  },
  ...(
    [
      ['clone', (x) => x],
      ['relu', (x) => Math.max(x, 0)],
      ['neg', (x) => -x],
      ['abs', Math.abs],
      ['square', (x) => x * x],
      ['exp', Math.exp],
      ['sigmoid', (x) => 1 / (1 + Math.exp(-x))],
    ] as const satisfies readonly (readonly [keyof Tf, (x: number) => number])[]
  ).map(([name, f]): OperationCase => ({
    name,
    shapes: [[2, 3]],
    compute: (tf, x) => tf[name](x),
    formula: elements(f),
  })),
  ...(
    [
      ['sqrt', Math.sqrt],
      ['rsqrt', (x) => 1 / Math.sqrt(x)],
      ['log', Math.log],
    ] as const satisfies readonly (readonly [keyof Tf, (x: number) => number])[]
  ).map(([name, f]): OperationCase => ({
    name,
    shapes: [[2, 3]],
    positive: true,
    compute: (tf, x) => tf[name](x),
    formula: elements(f),
  })),
  ...(
    [
      ['add', (a, b) => a + b],
      ['sub', (a, b) => a - b],
      ['mul', (a, b) => a * b],
      ['div', (a, b) => a / b],
      ['maximum', Math.max],
      ['minimum', Math.min],
    ] as const satisfies readonly (readonly [keyof Tf, (a: number, b: number) => number])[]
  ).flatMap(([name, f]): OperationCase[] =>
    [[2, 3], [3], []].map((shape) => ({
      name: `${name} [2,3] and [${shape.join()}]`,
      shapes: [[2, 3], shape],
      positive: name === 'div',
      ...(/imum/.test(name) && shape.length < 2 ? { differentiable: [0] } : {}),
      compute: (tf, a, b) => tf[name](a, b),
      formula: pairs(f),
    })),
  ),
  {
    name: 'sub [3] and [2,3]',
    shapes: [[3], [2, 3]],
    compute: (tf, a, b) => tf.sub(a, b),
    formula: (a, b) => Array.from(b, (value, i) => a[i % 3]! - value),
  },
  {
    name: 'addN',
    shapes: [
      [2, 2],
      [2, 2],
      [2, 2],
    ],
    compute: (tf, ...operands) => tf.addN(operands),
    formula: (a, b, c) => Array.from(a!, (value, i) => value + b![i]! + c![i]!),
  },
  {
    name: 'clipByValue',
    shapes: [[2, 3]],
    compute: (tf, x) => tf.clipByValue(x, -0.5, 0.5),
    formula: elements((x) => Math.min(Math.max(x, -0.5), 0.5)),
  },
  {
    name: 'step',
    shapes: [[2, 3]],
    compute: (tf, x) => tf.step(x),
    formula: elements((x) => (x > 0 ? 1 : 0)),
  },
  {
    name: 'sum of all',
    shapes: [[2, 3]],
    compute: (tf, x) => tf.sum(x),
    formula: (x) => [total([...x])],
  },
  {
    name: 'sum over the first axis',
    shapes: [[2, 3]],
    compute: (tf, x) => tf.sum(x, 0, true),
    formula: (x) => [0, 1, 2].map((i) => x[i]! + x[i + 3]!),
  },
  {
    name: 'sum over the last axis',
    shapes: [[2, 3]],
    compute: (tf, x) => tf.sum(x, -1),
    formula: (x) => rowsOf(x, 3).map(total),
  },
  {
    name: 'mean',
    shapes: [[2, 3]],
    compute: (tf, x) => tf.mean(x, 1),
    formula: (x) => rowsOf(x, 3).map((row) => total(row) / 3),
  },
  {
    name: 'max',
    shapes: [[2, 3]],
    compute: (tf, x) => tf.max(x, 1),
    formula: (x) => rowsOf(x, 3).map((row) => Math.max(...row)),
  },
  {
    name: 'reshape',
    shapes: [[2, 3]],
    compute: (tf, x) => tf.reshape(x, [3, 2]),
    formula: (x) => [...x],
  },
  {
    name: 'transpose',
    shapes: [[2, 3]],
    compute: (tf, x) => tf.transpose(x),
    formula: (x) => [0, 3, 1, 4, 2, 5].map((i) => x[i]!),
  },
  {
    name: 'slice',
    shapes: [[3, 3]],
    compute: (tf, x) => tf.slice(x, [1, 1], [2, 2]),
    formula: (x) => [4, 5, 7, 8].map((i) => x[i]!),
  },
  {
    name: 'slice, one begin of three, the rest to the end',
    shapes: [[2, 2, 2]],
    compute: (tf, x) => tf.slice(x, [0, 1]),
    formula: (x) => [2, 3, 6, 7].map((i) => x[i]!),
  },
  {
    name: 'concat',
    shapes: [
      [2, 1],
      [2, 2],
    ],
    compute: (tf, a, b) => tf.concat([a, b], 1),
    formula: (a, b) => [a![0]!, b![0]!, b![1]!, a![1]!, b![2]!, b![3]!],
  },
  {
    name: 'pad4d',
    shapes: [[1, 1, 2, 1]],
    compute: (tf, x) =>
      tf.pad4d(x as Tensor4D, [
        [0, 0],
        [1, 0],
        [0, 1],
        [0, 0],
      ]),
    formula: (x) => [0, 0, 0, x[0]!, x[1]!, 0],
  },
  {
    name: 'pad4d, with a number, in all axes',
    shapes: [[1, 2, 1, 2]],
    compute: (tf, x) =>
      tf.pad4d(
        x as Tensor4D,
        [
          [1, 0],
          [0, 1],
          [0, 0],
          [1, 1],
        ],
        7,
      ),
    formula: (x) => [
      ...new Array<number>(12).fill(7),
      ...[7, x[0]!, x[1]!, 7],
      ...[7, x[2]!, x[3]!, 7],
      ...[7, 7, 7, 7],
    ],
  },
  {
    name: 'tile',
    shapes: [[1, 2]],
    compute: (tf, x) => tf.tile(x, [2, 1]),
    formula: (x) => [...x, ...x],
  },
  {
    name: 'gather',
    shapes: [[3, 2]],
    compute: (tf, x) => tf.gather(x, tf.tensor1d([2, 0, 2], 'int32')),
    formula: (x) => [4, 5, 0, 1, 4, 5].map((i) => x[i]!),
  },
  {
    name: 'oneHot',
    shapes: [],
    differentiable: [],
    compute: (tf) => tf.cast(tf.oneHot(tf.tensor1d([1, 0], 'int32') as Tensor1D, 3), 'float32'),
    formula: () => [0, 1, 0, 1, 0, 0],
  },
  {
    name: 'split',
    shapes: [[3, 2]],
    compute: (tf, x) => tf.concat(tf.split(x, 3, 0).toReversed(), 0),
    formula: (x) => [4, 5, 2, 3, 0, 1].map((i) => x[i]!),
  },
  {
    name: 'fill',
    shapes: [],
    differentiable: [],
    compute: (tf) => tf.fill([2, 3], 0.25),
    formula: () => new Array<number>(6).fill(0.25),
  },
  {
    name: 'cast',
    shapes: [[2, 3]],
    differentiable: [],
    compute: (tf, x) => tf.cast(tf.cast(tf.mul(x, 4), 'int32'), 'float32'),
    formula: elements((x) => Math.trunc(4 * x)),
  },
  {
    name: 'image.resizeBilinear',
    shapes: [[1, 2, 2, 1]],
    compute: (tf, x) => tf.image.resizeBilinear(x as Tensor4D, [4, 4]),
    formula: (x) =>
      Array.from({ length: 16 }, (_, i) => {
        const [y, column] = [Math.floor(i / 4) / 2, (i % 4) / 2];
        const at = (row: number, col: number): number =>
          x[2 * Math.min(1, Math.floor(row)) + Math.min(1, Math.floor(col))]!;
        const across = (row: number): number =>
          at(row, column) * (1 - (column % 1)) + at(row, column + 1) * (column % 1);
        return across(y) * (1 - (y % 1)) + across(y + 1) * (y % 1);
      }),
  },
  // One of the numbers equals the first.
  ...(
    [
      ['greater', (a, b) => a > b],
      ['greaterEqual', (a, b) => a >= b],
      ['less', (a, b) => a < b],
    ] as const satisfies readonly (readonly [keyof Tf, (a: number, b: number) => boolean])[]
  ).map(([name, f]): OperationCase => ({
    name,
    shapes: [[2, 3]],
    differentiable: [],
    compute: (tf, x) => tf.cast(tf[name](x, tf.slice(x, [0, 0], [1, 1])), 'float32'),
    formula: (x) => Array.from(x, (value) => (f(value, x[0]!) ? 1 : 0)),
  })),
];
