import { defineStage, input, output } from '@privatesnn/core';
import { z } from 'zod';

import { initialise } from './initialise.js';
import { networkFor, networkOptions } from './train-options.js';

/** A network before training: where spike-based training from scratch starts. */
export const untrainedAnn = defineStage({
  kind: 'model',
  id: 'untrained-ann',
  version: 1,
  summary: 'A VGG network with random weights, for spike-based training from scratch.',
  source: 'He 2015: normal weights with variance 2 / inputs',
  options: z.strictObject(networkOptions),
  inputs: { images: input('images', 'Images whose size and classes the network is made for.') },
  outputs: { ann: output('ann', 'The network, untrained.') },
  dependencies: {},
  create: (_, options) => ({
    async run(context, { images }) {
      context.signal.throwIfAborted();
      const architecture = networkFor(options, images);
      return {
        ann: {
          type: 'ann',
          architecture,
          parameters: initialise(architecture, context.random('weights')),
          inputRange: options.inputRange,
          classNames: images.classNames,
        },
      };
    },
  }),
});
