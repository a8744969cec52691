import fc from 'fast-check';
import { beforeAll, describe, expect, test } from 'vitest';

import { adaptiveActivation, adaptiveTransfer } from '@privatesnn/spiking';
import { waveAnn, waveImages } from '@privatesnn/testkit';

import { activationOf } from './activation.js';
import { annLogits } from './ann.js';
import { createTensorRuntime } from './create.js';
import { frozenAnn } from './frozen-ann.js';
import type { TensorRuntime, Tf } from './runtime.js';

let runtime: TensorRuntime;
let tf: Tf;
beforeAll(async () => {
  runtime = await createTensorRuntime({ prefer: 'embedded' });
  ({ tf } = runtime);
});

const activation = adaptiveActivation({
  threshold: 0.1,
  growth: 0.1,
  tauThreshold: 15,
  tauRefractory: 50,
  tauCurrent: 50,
  tauMembrane: 2.5,
  matchAt: 1,
});
const { value, slope } = adaptiveTransfer(activation);

describe('the activation of an ANN', () => {
  test('is the transfer function of adaptive neurons, with its slope as the gradient', () => {
    const numbers = fc.array(fc.float({ min: -2, max: 8, noNaN: true }), { minLength: 1 });
    fc.assert(
      fc.property(numbers, (xs) => {
        const f = activationOf(tf, { activation });
        const { y, dx } = tf.tidy(() => {
          const x = tf.tensor1d(xs);
          const dy = tf.tensor1d(xs.map((_, i) => i + 1));
          return { y: f(x).dataSync(), dx: tf.grad(f)(x, dy).dataSync() };
        });
        xs.forEach((x, i) => {
          expect(y[i]).toBe(Math.fround(value(x)));
          expect(dx[i]).toBeCloseTo((i + 1) * slope(x), 3);
        });
      }),
      { numRuns: 30 },
    );
  });

  test('follows every hidden layer, in passes of a frozen network too', async () => {
    const ann = { ...waveAnn, activation };
    const images = waveImages(5);
    const logits = await annLogits(runtime, ann, images);
    const expected: number[] = [];
    for (let i = 0; i < 5; i++) {
      expected.push(...naive(images.pixels.subarray(16 * i, 16 * i + 16) as Float32Array));
    }
    logits.forEach((logit, i) => expect(logit).toBeCloseTo(expected[i]!, 4));
    const frozen = frozenAnn(tf, ann, 5);
    const x = tf.tensor4d(images.pixels as Float32Array, [5, 4, 4, 1]);
    expect(frozen.forward(x).dataSync()).toEqual(logits);
    frozen.dispose();
  });
});

/** waveAnn with the transfer function, by loops over one image of 4 × 4 pixels. */
function naive(pixels: Float32Array): number[] {
  const weights = (layer: string) => waveAnn.parameters[`${layer}.weight`]!.data;
  const conv = (y: number, x: number, filter: number): number => {
    let sum = 0;
    for (let i = 0; i < 9; i++) {
      const [row, column] = [y + Math.floor(i / 3) - 1, x + (i % 3) - 1];
      if (row < 0 || row > 3 || column < 0 || column > 3) continue;
      sum += pixels[4 * row + column]! * weights('conv1')[4 * i + filter]!;
    }
    return value(sum);
  };
  const pooled = Array.from({ length: 16 }, (_, n) => {
    const [y, x, filter] = [2 * (n >> 3), 2 * ((n >> 2) & 1), n & 3];
    const corners = [conv(y, x, filter), conv(y, x + 1, filter)];
    corners.push(conv(y + 1, x, filter), conv(y + 1, x + 1, filter));
    return corners.reduce((a, b) => a + b) / 4;
  });
  const dense = (input: number[], layer: string, outputs: number) =>
    Array.from({ length: outputs }, (_, o) =>
      input.reduce((sum, v, i) => sum + v * weights(layer)[i * outputs + o]!, 0),
    );
  return dense(dense(pooled, 'fc1', 8).map(value), 'fc2', 3);
}
