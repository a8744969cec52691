import type { Tensor4D } from '@tensorflow/tfjs-core';
import { z } from 'zod';

import { defineStage, input, output } from '@privatesnn/core';
import { annForward, annTensors, TENSOR_RUNTIME } from '@privatesnn/runtime-tfjs';

import { algorithm1Options, tunedAscent } from './class-image-options.js';
import { algorithm1 } from './algorithm-1.js';
import { warnWithoutGradient } from './class-images.js';
import { spikeRate } from './rate-model.js';

const options = z.strictObject({
  straightThrough: z
    .boolean()
    .default(true)
    .describe(
      'Lets gradients pass neurons that spike at every time-step; off: their gradient is 0, as that of the clamped rate is.',
    ),
  ...algorithm1Options,
});

export const clampedRate = defineStage({
  kind: 'attacker',
  id: 'clamped-rate',
  version: 2,
  summary:
    'An adaptive attack 1: draws the classes from the rates that the spiking network settles to, thresholds included.',
  source: 'the rate model of Rueckauer et al. 2017, Eq. 5, with Algorithm 1 of PrivateSNN',
  options,
  presets: { tuned: tunedAscent },
  inputs: { victim: input('snn', 'the spiking network that the attacker holds') },
  outputs: { images: output('images', 'images of every class, as the attacker sees them') },
  dependencies: { runtime: TENSOR_RUNTIME },
  create: ({ runtime }, settings) => ({
    async run(context, { victim }) {
      const { tf } = runtime;
      const { architecture, thresholds, encoder, classNames } = victim;
      const tensors = annTensors(tf, victim.parameters);
      try {
        const target = {
          inputShape: architecture.inputShape,
          inputRange: encoder.range,
          classNames,
        };
        const forward = (x: Tensor4D) =>
          annForward(tf, { architecture }, tensors, x, {
            activation: (current, layer) =>
              spikeRate(tf, current, thresholds[layer]!, settings.straightThrough),
          });
        const images = await algorithm1(tf, context, target, forward, settings);
        warnWithoutGradient(context, images);
        return { images };
      } finally {
        tf.dispose(Object.values(tensors));
      }
    },
  }),
});
