import { defineStage, input, output } from '@privatesnn/core';
import { TENSOR_RUNTIME } from '@privatesnn/runtime-tfjs';
import { z } from 'zod';

import { initialise } from './initialise.js';
import { normalisedStart } from './normalised-start.js';
import { batchNormFor, networkFor, networkOptions } from './train-options.js';

/** A network before training: where spike-based training from scratch starts. */
export const untrainedAnn = defineStage({
  kind: 'model',
  id: 'untrained-ann',
  version: 1,
  summary:
    'A VGG or a residual network with random weights, for spike-based training from scratch.',
  source:
    'He 2015: normal weights with variance 2 / inputs; Ioffe & Szegedy 2015: batch normalisation',
  options: z.strictObject(networkOptions),
  inputs: { images: input('images', 'Images whose size and classes the network is made for.') },
  outputs: { ann: output('ann', 'The network, untrained.') },
  dependencies: { runtime: TENSOR_RUNTIME },
  create: ({ runtime }, options) => ({
    async run(context, { images }) {
      context.signal.throwIfAborted();
      const architecture = networkFor(options, images);
      const { inputRange } = options;
      const { classNames } = images;
      const parameters = initialise(architecture, context.random('weights'));
      const start = batchNormFor(options)
        ? normalisedStart(runtime.tf, { architecture, parameters, inputRange }, images)
        : { architecture, parameters };
      return { ann: { type: 'ann', ...start, inputRange, classNames } };
    },
  }),
});
