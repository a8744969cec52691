import {
  UserError,
  type AdaptiveActivation,
  type Architecture,
  type Images,
} from '@privatesnn/core';
import { adaptiveActivation, adaptiveOptions } from '@privatesnn/spiking';
import { z } from 'zod';

import { architectureNames, hasBatchNorm, namedArchitecture } from './named-architecture.js';
import { poolings } from './vgg.js';

/** Options that describe a network. */
export const networkOptions = {
  architecture: z.enum(architectureNames).default('vgg5').describe('The network.'),
  width: z
    .number()
    .positive()
    .default(1)
    .describe('Factor on the channels of every convolution; 0.25 makes a small network.'),
  hidden: z
    .int()
    .min(1)
    .nullable()
    .default(null)
    .describe(
      'Units of the hidden dense layer, of VGGs and ResNet-19; null takes the network’s own number.',
    ),
  bias: z
    .boolean()
    .default(false)
    .describe(
      'Whether layers have biases; the paper’s networks have none, and dense layers of ResNets always have.',
    ),
  batchNorm: z
    .boolean()
    .nullable()
    .default(null)
    .describe(
      'Batch normalisation after all layers with weights but the last; null: as the network has it, ResNets do, VGGs do not.',
    ),
  pooling: z
    .enum(poolings)
    .default('average')
    .describe(
      'What a 2 × 2 pooling of a VGG gives; the paper’s networks average, and converters take maxima by an option of theirs only.',
    ),
  dropout: z
    .number()
    .min(0)
    .lt(1)
    .default(0.2)
    .describe('Dropout rate of VGGs after convolutions that no pooling follows.'),
  classifierDropout: z
    .number()
    .min(0)
    .lt(1)
    .default(0.5)
    .describe('Dropout rate of VGGs before the last dense layer.'),
  inputRange: z
    .tuple([z.number(), z.number()])
    .refine(([low, high]) => low < high, 'the first number must be below the second')
    .default([-1, 1])
    .describe('Pixels are mapped to this range.'),
};

/** Options of the `train-ann` stage. */
export const trainOptions = z.strictObject({
  ...networkOptions,
  activation: z
    .enum(['relu', 'adaptive'])
    .default('relu')
    .describe(
      'What follows every weighted layer but the last: a ReLU, or the transfer function of adaptive spiking neurons ' +
        '(Zambrano 2019) that `threshold` to `matchAt` describe, for `adaptive-spiking`.',
    ),
  ...adaptiveOptions({ threshold: 0.1, growth: 0.1 }),
  epochs: z.int().min(1).default(10).describe('Passes over the training images.'),
  batchSize: z.int().min(1).default(64).describe('Images of one step.'),
  optimizer: z.enum(['sgd', 'adam']).default('sgd').describe('SGD with momentum, or Adam.'),
  learningRate: z.number().positive().default(0.05).describe('Learning rate of the first epoch.'),
  momentum: z.number().min(0).lt(1).default(0.9).describe('Momentum of SGD.'),
  weightDecay: z.number().min(0).default(5e-4).describe('Added to the gradient, times the weight.'),
  schedule: z
    .enum(['constant', 'step', 'cosine'])
    .default('step')
    .describe('How the learning rate falls: not at all, in steps, or along a half cosine to 0.'),
  milestones: z
    .array(z.number().min(0).max(1))
    .default([0.5, 0.75])
    .describe('Step schedule: parts of the training after which the rate falls.'),
  divideBy: z.number().min(1).default(10).describe('Step schedule: what the rate is divided by.'),
  flip: z.boolean().default(false).describe('Augmentation: mirror half of the images.'),
  shift: z
    .int()
    .min(0)
    .default(0)
    .describe('Augmentation: move images by up to this many pixels (padding and random crop).'),
});

export type TrainOptions = z.output<typeof trainOptions>;

/** The non-linearity that the options describe; undefined for ReLUs. */
export function activationFor(options: TrainOptions): AdaptiveActivation | undefined {
  if (options.activation === 'relu') return undefined;
  if (options.tauRefractory === 0) {
    throw new UserError(
      'configuration',
      'ADAPTIVE_TRANSFER',
      'Expected tauRefractory above 0, received 0: without it the transfer function is a step, through which nothing can be trained.',
      { hint: 'The original has 50.', option: 'tauRefractory' },
    );
  }
  return adaptiveActivation(options);
}

type NetworkOptions = z.output<z.ZodObject<typeof networkOptions>>;

/** The network that the options describe, for given images. */
export function networkFor(
  options: NetworkOptions,
  { shape: [, height, width, channels], classNames }: Pick<Images, 'shape' | 'classNames'>,
): Architecture {
  return namedArchitecture(options.architecture, {
    inputShape: [height, width, channels],
    classes: classNames.length,
    width: options.width,
    ...(options.hidden === null ? {} : { hidden: options.hidden }),
    dropout: options.dropout,
    classifierDropout: options.classifierDropout,
    bias: options.bias,
    pooling: options.pooling,
  });
}

/** Whether the network that the options describe has batch normalisation. */
export function batchNormFor({
  architecture,
  batchNorm,
}: Pick<NetworkOptions, 'architecture' | 'batchNorm'>): boolean {
  return batchNorm ?? hasBatchNorm(architecture);
}
