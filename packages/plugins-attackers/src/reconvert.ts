import { z } from 'zod';

import { defineStage, input, output } from '@privatesnn/core';
import { frozenAnn, TENSOR_RUNTIME } from '@privatesnn/runtime-tfjs';
import { reconvertToAnn } from '@privatesnn/spiking';

import { algorithm1Options, tunedAscent } from './class-image-options.js';
import { algorithm1 } from './algorithm-1.js';
import { warnWithoutGradient } from './class-images.js';

export const reconvert = defineStage({
  kind: 'attacker',
  id: 'reconvert',
  version: 3,
  summary: 'Attack 1: puts ReLUs where the spiking neurons are and draws the classes from the ANN.',
  source: 'PrivateSNN (AAAI 2022), attack scenario 1 and Algorithm 1; Yosinski et al. 2015',
  options: z.strictObject(algorithm1Options),
  presets: {
    'paper-aaai': {},
    'paper-v1': {},
    // The public code has no attack.
    'official-code': {},
    tuned: tunedAscent,
  },
  inputs: { victim: input(['snn', 'ann'], 'the network that the attacker holds') },
  outputs: { images: output('images', 'images of every class, as the attacker sees them') },
  dependencies: { runtime: TENSOR_RUNTIME },
  create: ({ runtime }, options) => ({
    async run(context, { victim }) {
      const { tf } = runtime;
      const ann = victim.type === 'snn' ? reconvertToAnn(victim) : victim;
      const { architecture, inputRange, classNames } = ann;
      const network = frozenAnn(tf, ann, options.batchSize);
      try {
        const target = { inputShape: architecture.inputShape, inputRange, classNames };
        const images = await algorithm1(tf, context, target, network.forward, options);
        warnWithoutGradient(context, images);
        return { images };
      } finally {
        network.dispose();
      }
    },
  }),
});
