import type { Ann, Images } from '@privatesnn/core';

/** A sampled sine: numbers of both signs, without a random stream. */
export function waves(length: number, amplitude: number, phase = 1): Float32Array {
  return Float32Array.from({ length }, (_, i) => amplitude * Math.sin(phase + 2.7 * i));
}

/**
 * A network of one convolution, pooling and two dense layers over 4 × 4 images, without anything random: every layer
 * has positive and negative currents.
 */
export const waveAnn: Ann = {
  type: 'ann',
  architecture: {
    name: 'tiny',
    inputShape: [4, 4, 1],
    classes: 3,
    layers: [
      {
        kind: 'conv',
        name: 'conv1',
        inChannels: 1,
        outChannels: 4,
        kernel: 3,
        stride: 1,
        padding: 1,
        bias: false,
      },
      { kind: 'average-pool', size: 2 },
      { kind: 'flatten' },
      { kind: 'dense', name: 'fc1', inputs: 16, outputs: 8, bias: false },
      { kind: 'dense', name: 'fc2', inputs: 8, outputs: 3, bias: false },
    ],
  },
  parameters: {
    'conv1.weight': { shape: [3, 3, 1, 4], data: waves(36, 0.7) },
    'fc1.weight': { shape: [16, 8], data: waves(128, 0.4) },
    'fc2.weight': { shape: [8, 3], data: waves(24, 0.9) },
  },
  inputRange: [-1, 1],
  classNames: ['a', 'b', 'c'],
};

/** Synthetic images for {@link waveAnn}, of its three classes in turn. */
export function waveImages(count: number, phase = 1): Images {
  return {
    type: 'images',
    shape: [count, 4, 4, 1],
    pixels: waves(count * 16, 1, phase),
    range: [-1, 1],
    labels: Int32Array.from({ length: count }, (_, i) => i % 3),
    classNames: ['a', 'b', 'c'],
    origin: 'synthetic',
  };
}
