import fc from 'fast-check';
import { beforeAll, describe, expect, test } from 'vitest';
import type { Tensor4D } from '@tensorflow/tfjs-core';

import { binomialBlur, createTensorRuntime, gaussianBlur } from './index.js';
import type { Tf } from './index.js';

let tf: Tf;
beforeAll(async () => {
  ({ tf } = await createTensorRuntime({ prefer: 'embedded' }));
});

const shapes = fc.tuple(
  fc.integer({ min: 1, max: 3 }),
  fc.integer({ min: 1, max: 9 }),
  fc.integer({ min: 1, max: 9 }),
  fc.integer({ min: 1, max: 3 }),
);
const blurs = fc.oneof(
  fc.constant((x: Tensor4D) => binomialBlur(tf, x)),
  fc
    .record({
      sigma: fc.double({ min: 0, max: 4, noNaN: true }),
      size: fc.integer({ min: 0, max: 6 }).map((half) => 2 * half + 1),
    })
    .map((options) => (x: Tensor4D) => gaussianBlur(tf, x, options)),
);

function meansPerChannel(x: Tensor4D): number[] {
  return Array.from(tf.tidy(() => tf.mean(x, [1, 2]).dataSync()));
}

describe('blur', () => {
  test('keeps the mean of every image and channel', () => {
    fc.assert(
      fc.property(shapes, blurs, fc.nat(), (shape, blur, seed) => {
        tf.tidy(() => {
          const x = tf.randomUniform(shape, -1, 1, 'float32', seed) as Tensor4D;
          const before = meansPerChannel(x);
          meansPerChannel(blur(x)).forEach((mean, i) => expect(mean).toBeCloseTo(before[i]!, 5));
        });
      }),
    );
  });

  test('leaves a constant image as it is, and never leaves the range of its pixels', () => {
    fc.assert(
      fc.property(
        shapes,
        blurs,
        fc.double({ min: -5, max: 5, noNaN: true }),
        fc.nat(),
        (shape, blur, value, seed) => {
          tf.tidy(() => {
            for (const pixel of blur(tf.fill(shape, value) as Tensor4D).dataSync()) {
              expect(pixel).toBeCloseTo(value, 4);
            }
            for (const pixel of blur(
              tf.randomUniform(shape, 0, 1, 'float32', seed) as Tensor4D,
            ).dataSync()) {
              expect(pixel).toBeGreaterThanOrEqual(-1e-6);
              expect(pixel).toBeLessThanOrEqual(1 + 1e-6);
            }
          });
        },
      ),
    );
  });

  test('spreads a single pixel by the binomial kernel', () => {
    tf.tidy(() => {
      const x = tf.tensor4d([0, 0, 0, 0, 16, 0, 0, 0, 0], [1, 3, 3, 1]);
      expect(Array.from(binomialBlur(tf, x).dataSync())).toEqual([1, 2, 1, 2, 4, 2, 1, 2, 1]);
      const corner = tf.tensor4d([16, 0, 0, 0, 0, 0, 0, 0, 0], [1, 3, 3, 1]);
      expect(Array.from(binomialBlur(tf, corner).dataSync())).toEqual([9, 3, 0, 3, 1, 0, 0, 0, 0]);
    });
  });

  test('refuses an even size', () => {
    expect(() => gaussianBlur(tf, tf.zeros([1, 3, 3, 1]), { sigma: 1, size: 4 })).toThrow(/odd/);
  });
});
