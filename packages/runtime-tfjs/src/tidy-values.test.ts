import { expect, test } from 'vitest';

import { createTensorRuntime, tidyValues } from './index.js';

test('gives the values, frees the tensors, and does not search typed arrays', async () => {
  const { tf } = await createTensorRuntime({ prefer: 'embedded' });
  const before = tf.memory().numTensors;
  const result = tidyValues(tf, () => {
    const values = tf.square(tf.tensor1d([1, 2, 3])).dataSync();
    // Where a walk over the elements comes past, it fails.
    const guarded = new Proxy(values, {
      ownKeys() {
        throw new Error('the elements were searched');
      },
    });
    return { values, guarded };
  });
  expect(Array.from(result.values)).toEqual([1, 4, 9]);
  expect(tf.memory().numTensors).toBe(before);
  expect(() =>
    tidyValues(tf, () => {
      tf.tensor1d([1]);
      throw new Error('stopped');
    }),
  ).toThrow('stopped');
  expect(tf.memory().numTensors).toBe(before);
});
