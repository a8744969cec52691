import { randomStream } from '@privatesnn/core';
import type { Tensor1D, Tensor4D } from '@tensorflow/tfjs-core';
import fc from 'fast-check';
import { beforeAll, expect, it } from 'vitest';

import { createTensorRuntime } from './create.js';
import {
  optimiseImages,
  projectPixels,
  tensorLoss,
  type OptimiseImagesRequest,
} from './optimise-images.js';
import type { Tf } from './runtime.js';

let tf: Tf;
beforeAll(async () => {
  ({ tf } = await createTensorRuntime({ prefer: 'embedded' }));
});

/** Squared distance of each image from the constant image `goal`. */
const distance =
  (goal: number) =>
  (x: Tensor4D): Tensor1D =>
    tf.sum(tf.square(tf.sub(x, goal)), [1, 2, 3]);

const request = (changes: Partial<OptimiseImagesRequest> = {}): OptimiseImagesRequest => ({
  pixels: Float32Array.of(0, 0.1, 0.2, 0.3, 0.9, 0.8, 0.7, 0.6),
  shape: [2, 2, 2, 1],
  evaluate: (...given) => tensorLoss(tf, [2, 2, 1], distance(0.5))(...given),
  optimizer: 'plain',
  learningRate: 0.1,
  iterations: 20,
  range: [0, 1],
  projection: 'none',
  random: randomStream(0, 'jitter'),
  ...changes,
});

it('takes the plain step x − η·gradient', async () => {
  const { pixels } = await optimiseImages(tf, request({ iterations: 1 }));
  const expected = request().pixels.map((value) => value - 0.1 * 2 * (value - 0.5));
  pixels.forEach((value, i) => expect(value).toBeCloseTo(expected[i]!, 6));
});

it.each(['plain', 'adam'] as const)('makes the loss small with %s', async (optimizer) => {
  const { losses } = await optimiseImages(tf, request({ optimizer, iterations: 60 }));
  expect(Math.max(...losses)).toBeLessThan(0.01);
});

it('takes gradients back through the jitter', async () => {
  const goal = tf.tensor4d([0, 1, 0, 1], [1, 2, 2, 1]);
  const { pixels } = await optimiseImages(
    tf,
    request({
      evaluate: tensorLoss(tf, [2, 2, 1], (x) =>
        tf.sum(tf.square(tf.sub(tf.mean(x, [2], true), tf.mean(goal, [2], true))), [1, 2, 3]),
      ),
      jitter: { shift: 3, flip: true },
      iterations: 80,
    }),
  );
  goal.dispose();
  // Row means of 0.5 survive every roll and flip.
  for (let row = 0; row < 4; row++) {
    expect((pixels[2 * row]! + pixels[2 * row + 1]!) / 2).toBeCloseTo(0.5, 3);
  }
});

it('leaves an image alone once its loss is low enough, and its result does not depend on the others', async () => {
  const stop = { losses: [0.05, 0.05], by: 'image' } as const;
  const both = await optimiseImages(tf, request({ stop }));
  expect(both.losses.every((loss) => loss <= 0.05)).toBe(true);
  const alone = await optimiseImages(
    tf,
    request({ stop, pixels: request().pixels.slice(4), shape: [1, 2, 2, 1] }),
  );
  expect(both.pixels.slice(4)).toEqual(alone.pixels);
  expect(both.steps[1]).toBe(alone.steps[0]);
  expect(both.steps[1]).toBeLessThan(20);
});

it('stops a whole batch by its mean loss', async () => {
  const { steps, losses } = await optimiseImages(
    tf,
    request({ stop: { losses: [0.05, 0.05], by: 'batch' } }),
  );
  expect(steps[0]).toBe(steps[1]);
  expect((losses[0]! + losses[1]!) / 2).toBeLessThanOrEqual(0.05);
});

it.each(['image', 'batch'] as const)('stops by a measure apart, by %s', async (by) => {
  const loss = distance(0.5);
  const evaluate = (change: (loss: Tensor1D) => Tensor1D) =>
    tensorLoss(tf, [2, 2, 1], (x) => ({ loss: change(loss(x)), measure: loss(x) }));
  const stop = { losses: [0.05, 0.05], by };
  const expected = await optimiseImages(tf, request({ stop }));
  // A constant in the loss changes no gradient, and no stop.
  const raised = evaluate((value) => tf.add(value, 100));
  const found = await optimiseImages(tf, request({ stop, evaluate: raised }));
  expect(found.pixels).toEqual(expected.pixels);
  expect(found.steps).toEqual(expected.steps);
  expect(Math.min(...found.losses)).toBeGreaterThan(99);
});

it('divides gradients by their root mean square where asked', async () => {
  const { pixels } = await optimiseImages(tf, request({ iterations: 1, normaliseGradient: true }));
  const moved = pixels.map((value, i) => value - request().pixels[i]!).slice(0, 4);
  const rms = Math.sqrt(moved.reduce((sum, v) => sum + v * v, 0) / 4);
  expect(rms).toBeCloseTo(0.1, 5);
});

it('steps along the sum of all gradients where asked', async () => {
  const { pixels } = await optimiseImages(
    tf,
    request({
      iterations: 4,
      accumulateGradient: true,
      evaluate: (given) => ({ losses: [0, 0], gradient: given.map(() => -1) }),
    }),
  );
  expect(pixels[0]).toBeCloseTo(0.1 * (1 + 2 + 3 + 4), 6);
});

it('blurs at every n-th iteration only', async () => {
  const at: number[] = [];
  let iteration = 1;
  await optimiseImages(
    tf,
    request({
      iterations: 9,
      blur: { every: 4, apply: (x) => (at.push(iteration), tf.clone(x)) },
      onIteration: (done) => (iteration = done + 1),
    }),
  );
  expect(at).toEqual([4, 8]);
});

it('leaves no tensor behind', async () => {
  const before = tf.memory().numTensors;
  await optimiseImages(
    tf,
    request({
      optimizer: 'adam',
      jitter: { shift: 1, flip: true },
      blur: { every: 2, apply: (x) => tf.mul(x, 1) },
      stop: { losses: [0.1, 0.1], by: 'image' },
    }),
  );
  expect(tf.memory().numTensors).toBe(before);
});

it('ends when it is aborted', async () => {
  const abort = new AbortController();
  const run = optimiseImages(
    tf,
    request({
      iterations: 1000,
      signal: abort.signal,
      onIteration: (done) => done === 3 && abort.abort(),
    }),
  );
  await expect(run).rejects.toThrow(/abort/i);
});

it('names a loss that is not finite', async () => {
  const run = optimiseImages(
    tf,
    request({ evaluate: tensorLoss(tf, [2, 2, 1], (x) => tf.div(distance(0)(x), 0)) }),
  );
  await expect(run).rejects.toMatchObject({ code: 'IMAGES_NOT_FINITE' });
});

it('names a gradient that is not finite, where the loss is', async () => {
  const evaluate = (pixels: Float32Array, images: readonly number[]) => ({
    losses: new Float32Array(images.length),
    gradient: pixels.map((_, i) => (i === 3 ? NaN : 0)),
  });
  await expect(optimiseImages(tf, request({ evaluate }))).rejects.toMatchObject({
    code: 'IMAGES_NOT_FINITE',
    message: 'The gradient of an image is not a finite number any more, at iteration 1.',
  });
});

it('projects pixels into the range, and min-max reaches both ends', () => {
  fc.assert(
    fc.property(
      fc.float32Array({ minLength: 2, maxLength: 12, noNaN: true, noDefaultInfinity: true }),
      fc.constantFrom('clip' as const, 'min-max' as const),
      (values, kind) => {
        const pixels = Float32Array.from(values, (v) => v % 100);
        const distinct = new Set(pixels).size > 1;
        projectPixels(pixels, [-1, 1], kind);
        expect(pixels.every((v) => v >= -1 && v <= 1)).toBe(true);
        if (kind === 'min-max' && distinct) {
          expect(Math.min(...pixels)).toBeCloseTo(-1, 4);
          expect(Math.max(...pixels)).toBeCloseTo(1, 4);
        }
      },
    ),
  );
});
