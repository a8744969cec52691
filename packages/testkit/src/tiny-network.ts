import type { Ann, Parameter, RandomStream, Snn } from '@privatesnn/core';

import { testStream } from './random.js';

/**
 * A network with one convolution, pooling and one dense layer over small images: enough for a stage to run in
 * milliseconds. Weights are random, the same for the same seed.
 */
export function tinyAnn({ size = 6, channels = 1, classes = 3, seed = 0 } = {}): Ann {
  const random = testStream('tiny-ann', seed);
  const features = 4 * (size >> 1) ** 2;
  return {
    type: 'ann',
    architecture: {
      name: 'tiny',
      inputShape: [size, size, channels],
      classes,
      layers: [
        {
          kind: 'conv',
          name: 'conv1',
          inChannels: channels,
          outChannels: 4,
          kernel: 3,
          stride: 1,
          padding: 1,
          bias: false,
        },
        { kind: 'average-pool', size: 2 },
        { kind: 'flatten' },
        { kind: 'dense', name: 'fc1', inputs: features, outputs: classes, bias: false },
      ],
    },
    parameters: {
      'conv1.weight': weights([3, 3, channels, 4], random),
      'fc1.weight': weights([features, classes], random),
    },
    inputRange: [-1, 1],
    classNames: Array.from({ length: classes }, (_, i) => `class ${i}`),
  };
}

/** The spiking network with the weights of {@link tinyAnn}. */
export function tinySnn(options: Parameters<typeof tinyAnn>[0] & { timeSteps?: number } = {}): Snn {
  const { architecture, parameters, inputRange, classNames } = tinyAnn(options);
  return {
    type: 'snn',
    architecture,
    parameters,
    thresholds: { conv1: 0.5 },
    neuron: { kind: 'integrate-and-fire', leak: 1, reset: 'soft', firing: 'strict', initial: 0 },
    encoder: { kind: 'poisson', range: inputRange },
    readout: { kind: 'sum', scale: 1 },
    timeSteps: options.timeSteps ?? 8,
    classNames,
  };
}

/** Normal, with a variance of 2 over the number of inputs (He et al. 2015). */
function weights(shape: readonly number[], random: RandomStream): Parameter {
  const inputs = shape.slice(0, -1).reduce((a, b) => a * b, 1);
  const length = inputs * shape.at(-1)!;
  return {
    shape,
    data: Float32Array.from({ length }, () => random.normal() * Math.sqrt(2 / inputs)),
  };
}
