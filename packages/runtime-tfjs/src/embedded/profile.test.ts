import type { Tensor4D } from '@tensorflow/tfjs-core';
import { expect, test } from 'vitest';

import type { ProfileRow } from '@privatesnn/core';

import { createTensorRuntime } from '../create.js';

async function toldBy(work: (tf: Awaited<ReturnType<typeof runtime>>) => void) {
  const told: ProfileRow[] = [];
  work(await runtime({ add: (row) => void told.push(row) }));
  return told;
}
const runtime = async (profiler?: { add: (row: ProfileRow) => void }) =>
  (await createTensorRuntime({ prefer: 'embedded', profiler })).tf;
const operationsOf = (rows: readonly ProfileRow[], part: string, pass: string) =>
  rows.filter((row) => row.part === part && row.pass === pass).map((row) => row.operations);

test('a convolution and its gradients do as many operations as there are products and sums', async () => {
  const rows = await toldBy((tf) => {
    const gradients = tf.grads((x, filter) =>
      tf.sum(tf.conv2d(x as Tensor4D, filter as Tensor4D, [2, 1], 'same')),
    );
    gradients([tf.ones([2, 6, 5, 3]), tf.ones([3, 3, 3, 4])]);
  });
  // Outputs [2, 3, 5, 4], each of 27 inputs.
  const expected = [2 * (2 * 3 * 5 * 4) * 27];
  expect(operationsOf(rows, 'convolution', 'forward')).toEqual(expected);
  expect(operationsOf(rows, 'convolution', 'input gradient')).toEqual(expected);
  expect(operationsOf(rows, 'convolution', 'filter gradient')).toEqual(expected);
});

test.each([
  [false, false],
  [true, false],
  [false, true],
  [true, true],
])('so does a matrix product, transposed %s %s', async (left, right) => {
  const rows = await toldBy((tf) => {
    tf.matMul(tf.ones(left ? [7, 5] : [5, 7]), tf.ones(right ? [3, 7] : [7, 3]), left, right);
  });
  expect(operationsOf(rows, 'matrix product', '')).toEqual([2 * 5 * 3 * 7]);
});

test("other kernels are told by tfjs's name, and nothing is told without a profiler", async () => {
  const rows = await toldBy((tf) => tf.relu(tf.ones([3])));
  expect(rows).toMatchObject([{ part: 'Relu', pass: '', calls: 1 }]);
  const tf = await runtime();
  tf.relu(tf.ones([3]));
  expect(rows).toHaveLength(1);
});
