import { setImmediate } from 'node:timers/promises';

import type { Tensor1D, Tensor4D } from '@tensorflow/tfjs-core';

import { UserError, type PixelRange, type RandomStream } from '@privatesnn/core';
import { allFinite } from '@privatesnn/spiking';

import { createInputAdam, lossAndInputGradient } from './gradients.js';
import { drawJitter, jitterImage, type JitterOptions } from './jitter.js';
import type { Tf } from './runtime.js';
import { tidyValues } from './tidy-values.js';

/** `clip` cuts pixels off at the range's ends; `min-max` stretches each image to the whole range. */
export type Projection = 'none' | 'clip' | 'min-max';

/**
 * Losses of images and their gradients.
 *
 * @param pixels the images still being optimised, [images, height, width, channels]
 * @param indices which of the request's images these are
 */
export type ImageLoss = (
  pixels: Float32Array,
  indices: readonly number[],
) => EvaluatedLoss | Promise<EvaluatedLoss>;

export interface EvaluatedLoss {
  /** [images]. */
  readonly losses: ArrayLike<number>;
  /** Each image's own gradient, of the shape of the pixels. */
  readonly gradient: Float32Array;
  /** What `stop` is compared with, [images]; the losses where left out. */
  readonly measures?: ArrayLike<number>;
}

export interface OptimiseImagesRequest {
  /** Where to start, [count, height, width, channels]. */
  readonly pixels: Float32Array;
  readonly shape: readonly [number, number, number, number];
  /** The losses to be made small, with their gradients; {@link tensorLoss} makes one of a tensor function. */
  readonly evaluate: ImageLoss;
  /** Adam, or x ← x − learningRate · gradient. */
  readonly optimizer: 'adam' | 'plain';
  readonly learningRate: number;
  /** Steps along the sum of all gradients so far instead of the last one. */
  readonly accumulateGradient?: boolean;
  /** Divides each image's gradient by its root mean square. */
  readonly normaliseGradient?: boolean;
  readonly iterations: number;
  readonly range: PixelRange;
  /** What is done to the pixels after each step. */
  readonly projection: Projection;
  readonly jitter?: JitterOptions;
  /** Blurs the images before the loss is taken, at every `every`-th iteration. */
  readonly blur?: { readonly every: number; readonly apply: (x: Tensor4D) => Tensor4D };
  /**
   * An image whose measure is at most its own loss of `losses`, [count], stays as it is from then on. By batch all stop
   * together, once the mean of their measures is at most the mean of their losses.
   */
  readonly stop?: { readonly losses: ArrayLike<number>; readonly by: 'image' | 'batch' };
  /** Source of the jitter. */
  readonly random: RandomStream;
  readonly signal?: AbortSignal;
  /** Called after each iteration, with the mean of all images' latest losses. */
  readonly onIteration?: (iteration: number, meanLoss: number) => void;
}

export interface OptimisedImages {
  /** [count, height, width, channels]. */
  readonly pixels: Float32Array;
  /** Each image's loss when it was last evaluated, [count]. */
  readonly losses: Float32Array;
  /** Steps that each image took, [count]. */
  readonly steps: Int32Array;
  /** 1 for images whose gradient was zero everywhere at every step, [count]: what they show is their start. */
  readonly withoutGradient: Uint8Array;
}

/**
 * Gradient descent on pixels with frozen weights: what image synthesis and class-image attacks share. An image's
 * result does not depend on the others of its batch, but for the jitter, which all share, and for stopping by
 * batch. Images that have stopped are left out of the computation. Throws IMAGES_NOT_FINITE where a loss or
 * a gradient overflows.
 */
export async function optimiseImages(
  tf: Tf,
  request: OptimiseImagesRequest,
): Promise<OptimisedImages> {
  const { shape, iterations, range, projection, jitter, blur, stop, signal } = request;
  const [count, height, width, channels] = shape;
  const imageShape = [height, width, channels] as const;
  const size = height * width * channels;
  const pixels = Float32Array.from(request.pixels);
  const image = (i: number) => pixels.subarray(i * size, (i + 1) * size);
  const losses = new Float32Array(count).fill(NaN);
  const measures = new Float32Array(count).fill(NaN);
  const steps = new Int32Array(count);
  const withoutGradient = new Uint8Array(count).fill(1);
  const update = Array.from({ length: count }, () => createUpdate(tf, imageShape, request));
  let active = Array.from({ length: count }, (_, i) => i);

  for (let iteration = 1; iteration <= iterations && active.length > 0; iteration++) {
    signal?.throwIfAborted();
    if (blur && blur.every > 0 && iteration % blur.every === 0) {
      const blurred = tidyValues(tf, () => {
        const batch = tf.tensor4d(gather(active, image), [active.length, height, width, channels]);
        return blur.apply(batch).dataSync() as Float32Array;
      });
      active.forEach((i, k) => image(i).set(blurred.subarray(k * size, (k + 1) * size)));
    }
    const moved = jitter && drawJitter(jitter, request.random);
    const seen = gather(active, (i) =>
      moved ? jitterImage(image(i), imageShape, moved) : image(i),
    );
    const evaluated = await request.evaluate(seen, active);
    active.forEach((i, k) => {
      losses[i] = evaluated.losses[k]!;
      measures[i] = (evaluated.measures ?? evaluated.losses)[k]!;
    });
    if (!active.every((i) => Number.isFinite(losses[i]))) throw notFinite('loss', iteration);
    if (!allFinite(evaluated.gradient)) throw notFinite('gradient', iteration);
    active.forEach((i, k) => {
      const gradient = evaluated.gradient.subarray(k * size, (k + 1) * size);
      if (withoutGradient[i] === 1 && gradient.some((g) => g !== 0)) withoutGradient[i] = 0;
    });
    const gradients = new Map(
      active.map((i, k) => [i, evaluated.gradient.subarray(k * size, (k + 1) * size)]),
    );

    if (stop?.by === 'batch' && mean(measures) <= mean(stop.losses)) active = [];
    if (stop?.by === 'image') active = active.filter((i) => !(measures[i]! <= stop.losses[i]!));
    for (const i of active) {
      const gradient = gradients.get(i)!;
      const back = moved ? jitterImage(gradient, imageShape, moved, true) : gradient;
      image(i).set(update[i]!(image(i), back));
      projectPixels(image(i), range, projection);
      steps[i]!++;
    }
    request.onIteration?.(iteration, mean(losses));
    // Lets the process see Ctrl-C: on a synchronous runtime nothing else in this loop waits.
    await setImmediate();
  }
  return { pixels, losses, steps, withoutGradient };

  function gather(indices: readonly number[], from: (i: number) => Float32Array): Float32Array {
    const batch = new Float32Array(indices.length * size);
    indices.forEach((i, k) => batch.set(from(i), k * size));
    return batch;
  }
}

/**
 * The losses and gradients of a tensor function.
 *
 * @param imageShape [height, width, channels]
 * @param loss the loss of each image, [images]; with another measure for `stop`, where they differ
 */
export function tensorLoss(
  tf: Tf,
  [height, width, channels]: readonly [number, number, number],
  loss: (
    x: Tensor4D,
    indices: readonly number[],
  ) => Tensor1D | { readonly loss: Tensor1D; readonly measure: Tensor1D },
): ImageLoss {
  return (pixels, indices) =>
    tidyValues(tf, () => {
      let perImage: Tensor1D | undefined;
      let measure: Tensor1D | undefined;
      const { gradient } = lossAndInputGradient(
        tf,
        (x) => {
          const result = loss(x, indices);
          perImage = tf.keep('loss' in result ? result.loss : result);
          measure = 'loss' in result ? tf.keep(result.measure) : undefined;
          return tf.sum(perImage);
        },
        tf.tensor4d(pixels, [indices.length, height, width, channels]),
      );
      const losses = perImage!.dataSync();
      const measures = measure?.dataSync() ?? losses;
      tf.dispose([perImage!, measure]);
      return { losses, measures, gradient: gradient.dataSync() as Float32Array };
    });
}

/** Brings pixels into the range, in place. */
export function projectPixels(
  pixels: Float32Array,
  [low, high]: PixelRange,
  kind: Projection,
): void {
  if (kind === 'none') return;
  if (kind === 'clip') {
    for (let i = 0; i < pixels.length; i++) {
      pixels[i] = Math.min(high, Math.max(low, pixels[i]!));
    }
    return;
  }
  let [smallest, largest] = [Infinity, -Infinity];
  for (const value of pixels) {
    smallest = Math.min(smallest, value);
    largest = Math.max(largest, value);
  }
  const scale = largest > smallest ? (high - low) / (largest - smallest) : 0;
  for (let i = 0; i < pixels.length; i++) {
    // The outer bounds undo rounding: single precision may end just beyond the range.
    pixels[i] = Math.min(high, Math.max(low, low + (pixels[i]! - smallest) * scale));
  }
}

function notFinite(what: string, iteration: number): UserError {
  return new UserError(
    'run',
    'IMAGES_NOT_FINITE',
    `The ${what} of an image is not a finite number any more, at iteration ${iteration}.`,
    { hint: 'Take a smaller learning rate, or clip the pixels at each step.' },
  );
}

type Update = (pixels: Float32Array, gradient: Float32Array) => Float32Array;

function createUpdate(
  tf: Tf,
  [height, width, channels]: readonly [number, number, number],
  request: OptimiseImagesRequest,
): Update {
  const { learningRate } = request;
  const shape: [number, number, number, number] = [1, height, width, channels];
  const adam = request.optimizer === 'adam' && createInputAdam(tf, shape, { learningRate });
  const sum = new Float32Array(request.accumulateGradient ? height * width * channels : 0);
  return (pixels, latest) => {
    sum.forEach((value, i) => (sum[i] = value + latest[i]!));
    const raw = request.accumulateGradient ? sum : latest;
    const gradient = request.normaliseGradient ? divideByRms(raw) : raw;
    if (!adam) return pixels.map((value, i) => value - learningRate * gradient[i]!);
    return tidyValues(
      tf,
      () =>
        adam
          .step(tf.tensor4d(pixels, shape), tf.tensor4d(gradient, shape))
          .dataSync() as Float32Array,
    );
  };
}

function divideByRms(values: Float32Array): Float32Array {
  const rms = Math.sqrt(values.reduce((sum, v) => sum + v * v, 0) / values.length);
  return rms > 0 ? values.map((v) => v / rms) : values;
}

function mean(values: ArrayLike<number>): number {
  return Array.from(values).reduce((sum, v) => sum + v, 0) / values.length;
}
