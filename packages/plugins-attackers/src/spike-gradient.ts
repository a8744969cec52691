import { setImmediate } from 'node:timers/promises';

import { z } from 'zod';

import { defineStage, input, output } from '@privatesnn/core';
import {
  gaussianBlur,
  projectPixels,
  TENSOR_RUNTIME,
  type TensorRuntime,
} from '@privatesnn/runtime-tfjs';
import { SPIKING_ENGINE } from '@privatesnn/spiking';

import { classImageOptions } from './class-image-options.js';
import { drawClassImages } from './class-images.js';

const options = z.strictObject({
  ...classImageOptions,
  step: z.number().positive().default(0.01).describe('ζ, the step on the pixels.'),
  timeSteps: z
    .int()
    .min(0)
    .default(0)
    .describe("T of the simulation; 0 takes the network's own number of time-steps."),
  literal: z
    .boolean()
    .default(false)
    .describe(
      'As printed, the accumulated gradient G is never cleared: each step then moves along the sum of all gradients so far. Off: G is cleared at each iteration.',
    ),
  normaliseGradient: z
    .boolean()
    .default(false)
    .describe("Divides each image's gradient by its root mean square."),
  blurEvery: z
    .int()
    .min(0)
    .default(0)
    .describe('Blurs the images at every so many iterations; 0: never, as in Algorithm 3.'),
});

export const spikeGradient = defineStage({
  kind: 'attacker',
  id: 'spike-gradient',
  version: 1,
  summary:
    'Attack 2: draws the classes by surrogate gradients of the spiking network, taken back to the pixels through its first weights.',
  source: 'PrivateSNN (AAAI 2022), attack scenario 2, Algorithm 3 and Eq. 5; Sharmin et al. 2020',
  options,
  inputs: { victim: input('snn', 'the spiking network that the attacker holds') },
  outputs: { images: output('images', 'images of every class, as the attacker sees them') },
  dependencies: { engine: SPIKING_ENGINE, runtime: TENSOR_RUNTIME },
  create: ({ engine, runtime }, settings) => ({
    async run(context, { victim }) {
      const { iterations, step, blurEvery, projection } = settings;
      const timeSteps = settings.timeSteps || victim.timeSteps;
      const { architecture, encoder, classNames } = victim;
      const { classes, inputShape } = architecture;
      const noise = context.random('noise');
      const target = { inputShape, inputRange: encoder.range, classNames };
      const images = await drawClassImages(context, target, settings, async (batch) => {
        const pixels = batch.pixels;
        const accumulated = new Float32Array(pixels.length);
        for (let n = 1; n <= iterations; n++) {
          context.signal.throwIfAborted();
          if (blurEvery > 0 && n % blurEvery === 0) {
            pixels.set(blur(runtime, pixels, batch.shape, settings));
          }
          const { input: gradient, loss } = await engine.gradients({
            snn: victim,
            pixels,
            seed: noise.uint32(),
            firstImage: batch.first,
            timeSteps,
            surrogate: { kind: 'triangle', gamma: 1, divideByTheta: false },
            detachReset: false,
            dropout: false,
            loss: (logits, image) => targetLogit(logits, batch.labels[image]!),
            wanted: { parameters: false, thresholds: false, input: true },
            signal: context.signal,
          });
          if (!settings.literal) accumulated.fill(0);
          // G is the mean over time of ∂y_c; the engine gives the sum over time of ∂(−y_c).
          for (let i = 0; i < pixels.length; i++) accumulated[i]! -= gradient![i]! / timeSteps;
          const scales = settings.normaliseGradient
            ? imageScales(accumulated, batch.labels.length)
            : undefined;
          const size = pixels.length / batch.labels.length;
          for (let i = 0; i < pixels.length; i++) {
            pixels[i]! += step * accumulated[i]! * (scales?.[Math.floor(i / size)] ?? 1);
          }
          if (projection === 'clip-each-step') projectPixels(pixels, encoder.range, 'clip');
          context.progress(
            batch.index * iterations + n,
            batch.count * iterations,
            `${batch.name}, mean logit of the target class ${(-loss).toFixed(2)}`,
          );
          await setImmediate();
        }
        return pixels;
      });
      return { images };

      function targetLogit(logits: Float32Array, label: number) {
        const gradient = new Float32Array(classes);
        gradient[label] = -1;
        return { value: -logits[label]!, gradient };
      }
    },
  }),
});

function blur(
  { tf }: TensorRuntime,
  pixels: Float32Array,
  shape: readonly [number, number, number, number],
  { blurSigma: sigma, blurSize: size }: { blurSigma: number; blurSize: number },
): Float32Array {
  return tf.tidy(
    () =>
      gaussianBlur(tf, tf.tensor4d(pixels, [...shape]), { sigma, size }).dataSync() as Float32Array,
  );
}

/** 1 / root mean square of each image's part; 0 where all is 0. */
function imageScales(values: Float32Array, images: number): Float32Array {
  const size = values.length / images;
  return Float32Array.from({ length: images }, (_, image) => {
    const part = values.subarray(image * size, (image + 1) * size);
    const square = part.reduce((sum, v) => sum + v * v, 0) / size;
    return square > 0 ? 1 / Math.sqrt(square) : 0;
  });
}
