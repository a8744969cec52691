import type { Scalar, Tensor } from '@tensorflow/tfjs-core';
import fc from 'fast-check';
import { beforeAll, describe, expect, it } from 'vitest';

import { createTensorRuntime } from './create.js';
import { quantisedReLU } from './quantised-relu.js';
import type { Tf } from './runtime.js';
import { findTensorFlow } from './tensorflow.js';

const runtimes = [
  'embedded' as const,
  ...(findTensorFlow().present ? ['tensorflow' as const] : []),
];

const cases = fc.record({
  xs: fc.array(fc.float({ min: -3, max: 6, noNaN: true }), { minLength: 1, maxLength: 20 }),
  threshold: fc.double({ min: 0.1, max: 4, noNaN: true }),
  timeSteps: fc.integer({ min: 1, max: 32 }),
});

/** The same by the operations of tfjs, the rounding with the derivative 1: x/θ is clipped to [0, 1], rounded and scaled back. */
function byOperations(tf: Tf, x: Tensor, logThreshold: Scalar, timeSteps: number): Tensor {
  const threshold = tf.exp(logThreshold);
  const round = tf.customGrad((u) => ({
    value: tf.floor(tf.add(u as Tensor, 0.5)),
    gradFunc: (dy: Tensor) => dy,
  }));
  const parts = tf.clipByValue(tf.div(x, threshold), 0, 1);
  return tf.mul(threshold, tf.div(round(tf.mul(parts, timeSteps)), timeSteps));
}

describe.each(runtimes)('the quantised ReLU on %s', (prefer) => {
  let tf: Tf;
  beforeAll(async () => {
    ({ tf } = await createTensorRuntime({ prefer }));
  });

  const run = (f: typeof byOperations, xs: number[], threshold: number, timeSteps: number) =>
    tf.tidy(() => {
      const x = tf.tensor1d(xs);
      const log = tf.scalar(Math.log(threshold));
      const dy = tf.tensor1d(xs.map((_, i) => i + 1));
      const [dx, dlog] = tf.grads((a, b) => f(tf, a, b as Scalar, timeSteps))([x, log], dy);
      return {
        y: [...f(tf, x, log, timeSteps).dataSync()],
        dx: [...dx!.dataSync()],
        dlog: dlog!.dataSync()[0]!,
      };
    });

  it('gives the nearest of T + 1 levels from 0 to θ', () => {
    fc.assert(
      fc.property(cases, ({ xs, threshold, timeSteps }) => {
        const { y } = run(quantisedReLU, xs, threshold, timeSteps);
        xs.forEach((x, i) => {
          const level = (y[i]! * timeSteps) / threshold;
          expect(level).toBeCloseTo(Math.round(level), 4);
          const clipped = Math.min(Math.max(x, 0), threshold);
          expect(Math.abs(y[i]! - clipped)).toBeLessThanOrEqual(threshold / (2 * timeSteps) + 1e-5);
        });
      }),
    );
  });

  it('has the gradients of the clipped ReLU, but that rounding tells θ its error', () => {
    fc.assert(
      fc.property(cases, ({ xs, threshold, timeSteps }) => {
        // On a boundary, and where rounding in single precision may go another way, there are several answers.
        const clear = xs.filter((x) => {
          const level = (x * timeSteps) / threshold + 0.5;
          return [x, x - threshold, (level - Math.round(level)) / timeSteps].every(
            (distance) => Math.abs(distance) > 1e-4,
          );
        });
        if (clear.length === 0) return;
        const found = run(quantisedReLU, clear, threshold, timeSteps);
        const expected = run(byOperations, clear, threshold, timeSteps);
        found.y.forEach((y, i) => expect(y).toBeCloseTo(expected.y[i]!, 4));
        found.dx.forEach((dx, i) => expect(dx).toBeCloseTo(expected.dx[i]!, 4));
        expect(found.dlog).toBeCloseTo(expected.dlog, 2);
      }),
    );
  });

  it('is the clipped ReLU at many time-steps, its gradients those of finite differences', () => {
    const xs = [-1, 0.3, 0.9, 1.4, 2.5];
    const [threshold, timeSteps, step] = [1.2, 2 ** 20, 1e-2];
    const { y, dx, dlog } = run(quantisedReLU, xs, threshold, timeSteps);
    const clipped = (x: number, theta: number) => Math.min(Math.max(x, 0), theta);
    const slope = (f: (by: number) => number) => (f(step) - f(-step)) / (2 * step);
    xs.forEach((x, i) => {
      expect(y[i]).toBeCloseTo(clipped(x, threshold), 5);
      expect(dx[i]).toBeCloseTo((i + 1) * slope((by) => clipped(x + by, threshold)), 5);
    });
    const sum = (by: number) =>
      xs.reduce((total, x, i) => total + (i + 1) * clipped(x, threshold * Math.exp(by)), 0);
    expect(dlog).toBeCloseTo(slope(sum), 3);
  });
});
