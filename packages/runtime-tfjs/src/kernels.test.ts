import type { Scalar, Tensor } from '@tensorflow/tfjs-core';
import fc from 'fast-check';
import { beforeAll, describe, expect, test } from 'vitest';

import { createTensorRuntime, findTensorFlow } from './index.js';
import type { Tf } from './index.js';
import { operationCases, type OperationCase } from './testing/operations.js';

/** Distinct numbers in [-1.5, 1.5], none near 0, ±0.5 or each other: kinks stay out of a finite difference. */
function operand(shape: readonly number[], index: number, positive: boolean): Float32Array {
  const length = shape.reduce((product, size) => product * size, 1);
  return Float32Array.from({ length }, (_, i) => {
    const size = 0.6 + (0.9 * ((i * 37 + index * 53) % 101)) / 101;
    return positive || (i + index) % 3 !== 0 ? size : -size;
  });
}

function operands({ shapes, positive = false }: OperationCase): Float32Array[] {
  return shapes.map((shape, index) => operand(shape, index, positive));
}

/** A weighted sum of a case's result, so that every element's gradient is seen. */
function weightedSum(tf: Tf, { compute }: OperationCase, inputs: Tensor[]): Scalar {
  const result = compute(tf, ...inputs);
  const weights = Float32Array.from({ length: result.size }, (_, i) => Math.cos(i + 1));
  return tf.sum(tf.mul(result, tf.tensor(weights, result.shape))) as Scalar;
}

function tensors(tf: Tf, { shapes }: OperationCase, values: readonly Float32Array[]): Tensor[] {
  return values.map((numbers, i) => tf.tensor(numbers, [...shapes[i]!]));
}

/** The result, then the gradients by operand. */
function resultAndGradients(tf: Tf, item: OperationCase): [number[], ...[number, number[]][]] {
  return tf.tidy(() => {
    const inputs = tensors(tf, item, operands(item));
    const result = Array.from(item.compute(tf, ...inputs).dataSync());
    const differentiable = item.differentiable ?? inputs.map((_, i) => i);
    const gradients = differentiable.map((index): [number, number[]] => {
      const gradient = tf.grad((x: Tensor) => weightedSum(tf, item, inputs.with(index, x)));
      return [index, Array.from(gradient(inputs[index]!).dataSync())];
    });
    return [result, ...gradients];
  });
}

function expectClose(
  actual: readonly number[],
  expected: readonly number[],
  tolerance: number,
): void {
  expect(actual.length).toBe(expected.length);
  actual.forEach((value, i) => {
    expect(
      Math.abs(value - expected[i]!),
      `element ${i}: ${value}, not ${expected[i]}`,
    ).toBeLessThan(tolerance * Math.max(1, Math.abs(expected[i]!)));
  });
}

describe('every operation that the project uses', () => {
  let tf: Tf;
  beforeAll(async () => {
    ({ tf } = await createTensorRuntime({ prefer: 'embedded' }));
  });

  test.each(operationCases.map((item) => [item.name, item] as const))('%s', (_, item) => {
    const [result, ...gradients] = resultAndGradients(tf, item);
    const values = operands(item);
    expectClose(result, item.formula(...values), 1e-5);
    const step = 1e-2;
    gradients.forEach(([index, gradient]) => {
      const differences = Array.from(values[index]!, (value, i) => {
        const [above, below] = [value + step, value - step].map((moved) => {
          const changed = values.map((numbers) => Float32Array.from(numbers));
          changed[index]![i] = moved;
          return tf.tidy(() => weightedSum(tf, item, tensors(tf, item, changed)).dataSync()[0]!);
        });
        return (above! - below!) / (2 * step);
      });
      expectClose(gradient, differences, 2e-3);
    });
  });
});

test('any part of any tensor is taken and padded as by tfjs', async () => {
  const { tf } = await createTensorRuntime({ prefer: 'embedded' });
  const own = tf.getBackend();
  const axis = fc
    .record({
      size: fc.integer({ min: 1, max: 4 }),
      begin: fc.nat(3),
      length: fc.integer({ min: -1, max: 4 }),
      padding: fc.tuple(fc.nat(2), fc.nat(2)),
    })
    .filter(({ size, begin, length }) => begin < size && begin + length <= size);
  type Axis = typeof axis extends fc.Arbitrary<infer Value> ? Value : never;
  const compute = (axes: readonly Axis[]) => {
    const shape = axes.map(({ size }) => size);
    const count = shape.reduce((product, size) => product * size, 1);
    const x = tf.tensor(
      Float32Array.from({ length: count }, (_, i) => i + 1),
      shape,
    );
    const part = tf.slice(
      x,
      axes.map(({ begin }) => begin),
      axes.map(({ length }) => length),
    );
    const padded = tf.pad(part, axes.map(({ padding }) => padding) as [number, number][], -2);
    return [part.shape, [...part.dataSync()], padded.shape, [...padded.dataSync()]];
  };
  const on = (backend: string, axes: readonly Axis[]) => {
    void tf.setBackend(backend);
    return tf.tidy(() => compute(axes));
  };
  fc.assert(
    fc.property(fc.array(axis, { minLength: 1, maxLength: 4 }), (axes) => {
      expect(on(own, axes)).toEqual(on('cpu', axes));
    }),
  );
  await tf.setBackend(own);
});

const tensorFlow = findTensorFlow();
describe.skipIf(!tensorFlow.present)(
  tensorFlow.present ? 'TensorFlow agrees' : `TensorFlow agrees (skipped: ${tensorFlow.reason})`,
  () => {
    test.each(operationCases.map((item) => [item.name, item] as const))('%s', async (_, item) => {
      const { tf } = await createTensorRuntime({ prefer: 'embedded' });
      const [expected, ...expectedGradients] = resultAndGradients(tf, item);
      await createTensorRuntime({ prefer: 'tensorflow' });
      expect(tf.getBackend()).toBe('tensorflow');
      const [result, ...gradients] = resultAndGradients(tf, item);
      expectClose(result, expected, 1e-4);
      gradients.forEach(([, gradient], i) => expectClose(gradient, expectedGradients[i]![1], 1e-4));
    });
  },
);
