import { z } from 'zod';

import { defineStage, input, output } from '@privatesnn/core';
import { TENSOR_RUNTIME } from '@privatesnn/runtime-tfjs';
import {
  binaryNeuronOf,
  checkReadFromStart,
  SPIKING_ENGINE,
  warnOfRemark,
} from '@privatesnn/spiking';

import { ascentOptions, tunedAscent } from './class-image-options.js';
import { warnWithoutGradient } from './class-images.js';
import { climb } from './climb.js';

const options = z.strictObject({
  ...ascentOptions,
  learningRate: z.number().positive().default(0.01).describe('ζ, the step on the pixels.'),
  blurEvery: z
    .int()
    .min(0)
    .default(0)
    .describe('Blurs the images at every so many iterations; 0: never, as in Algorithm 3.'),
  timeSteps: z
    .int()
    .min(0)
    .default(0)
    .describe("T of the simulation; 0 takes the network's own number of time-steps."),
  detachReset: z
    .boolean()
    .default(true)
    .describe(
      "Whether ∂u(t+1)/∂u(t) is λ, as it follows from Eq. 1, or also counts the reset's dependence on the spike. " +
        'With Eq. 5 and θ > 2 the latter grows without bound in time.',
    ),
  literal: z
    .boolean()
    .default(false)
    .describe(
      'As printed, the accumulated gradient G is never cleared: each step then moves along the sum of all gradients so far. Off: G is cleared at each iteration.',
    ),
});

export const spikeGradient = defineStage({
  kind: 'attacker',
  id: 'spike-gradient',
  version: 4,
  summary:
    'Attack 2: draws the classes by surrogate gradients of the spiking network, taken back to the pixels through its first weights.',
  source: 'PrivateSNN (AAAI 2022), attack scenario 2, Algorithm 3 and Eq. 5; Sharmin et al. 2020',
  options,
  presets: {
    'paper-aaai': {},
    'paper-v1': {},
    // The public code has no attack.
    'official-code': {},
    // A blur before shapes stand out takes the contrast that makes deep layers spike, and with it the gradient.
    tuned: { ...tunedAscent, blurEvery: 30 },
  },
  inputs: { victim: input('snn', 'the spiking network that the attacker holds') },
  outputs: { images: output('images', 'images of every class, as the attacker sees them') },
  dependencies: { engine: SPIKING_ENGINE, runtime: TENSOR_RUNTIME },
  create: ({ engine, runtime }, settings) => ({
    async run(context, { victim }) {
      const timeSteps = settings.timeSteps || victim.timeSteps;
      const { architecture, encoder, readout, classNames } = victim;
      const { classes, inputShape } = architecture;
      binaryNeuronOf(victim, 'take gradients of');
      checkReadFromStart(victim, 'take gradients of');
      warnOfRemark(context, engine, victim, 'gradients');
      const noise = context.random('noise');
      const target = { inputShape, inputRange: encoder.range, classNames };
      const images = await climb(
        runtime.tf,
        context,
        target,
        { ...settings, accumulateGradient: settings.literal },
        {
          name: 'membrane potential',
          of: (batch) => async (pixels, indices) => {
            const losses = new Float32Array(indices.length);
            const result = await engine.gradients({
              snn: victim,
              pixels,
              seed: noise.uint32(),
              firstImage: batch.first,
              timeSteps,
              surrogate: { kind: 'triangle', gamma: 1, divideByTheta: false },
              detachReset: settings.detachReset,
              dropout: false,
              loss: (logits, image) => {
                // y_c is the summed membrane potential (Algorithm 3), whatever the read-out makes of it.
                const label = batch.labels[indices[image]!]!;
                const value = -logits[label]! / readout.scale;
                losses[image] = value;
                const gradient = new Float32Array(classes);
                gradient[label] = -1 / readout.scale;
                return { value, gradient };
              },
              wanted: { parameters: false, thresholds: false, input: true },
              signal: context.signal,
            });
            // G is the mean over time; the engine gives the sum.
            return { losses, gradient: result.input!.map((value) => value / timeSteps) };
          },
        },
      );
      warnWithoutGradient(context, images);
      return { images };
    },
  }),
});
