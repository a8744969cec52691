import type { Ann, Images } from '@privatesnn/core';

/** A hand-made network: weights that alternate in size, so that every layer has positive and negative currents. */
export const tinyAnn: Ann = {
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

/** Synthetic images for it. */
export const tinyImages: Images = {
  type: 'images',
  shape: [6, 4, 4, 1],
  pixels: waves(96, 1),
  range: [-1, 1],
  labels: Int32Array.of(0, 1, 2, 0, 1, 2),
  classNames: ['a', 'b', 'c'],
  origin: 'synthetic',
};

function waves(length: number, amplitude: number): Float32Array {
  return Float32Array.from({ length }, (_, i) => amplitude * Math.sin(1 + 2.7 * i));
}

/** The same network with biases of both signs. */
export const tinyAnnWithBiases: Ann = {
  ...tinyAnn,
  architecture: {
    ...tinyAnn.architecture,
    layers: tinyAnn.architecture.layers.map((layer) =>
      layer.kind === 'conv' || layer.kind === 'dense' ? { ...layer, bias: true } : layer,
    ),
  },
  parameters: {
    ...tinyAnn.parameters,
    'conv1.bias': { shape: [4], data: waves(4, 0.5) },
    'fc1.bias': { shape: [8], data: waves(8, 0.8) },
    'fc2.bias': { shape: [3], data: waves(3, 1.5) },
  },
};

/** The same network with max-pooling. */
export const tinyAnnWithMaxPooling: Ann = {
  ...tinyAnn,
  architecture: {
    ...tinyAnn.architecture,
    layers: tinyAnn.architecture.layers.map((layer) =>
      layer.kind === 'average-pool' ? { ...layer, kind: 'max-pool' } : layer,
    ),
  },
};
