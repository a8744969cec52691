import type { Ann } from '@privatesnn/core';
import { waveAnn, waves } from '@privatesnn/testkit';

/** {@link waveAnn} with biases of both signs. */
export const waveAnnWithBiases: Ann = {
  ...waveAnn,
  architecture: {
    ...waveAnn.architecture,
    layers: waveAnn.architecture.layers.map((layer) =>
      layer.kind === 'conv' || layer.kind === 'dense' ? { ...layer, bias: true } : layer,
    ),
  },
  parameters: {
    ...waveAnn.parameters,
    'conv1.bias': { shape: [4], data: waves(4, 0.5) },
    'fc1.bias': { shape: [8], data: waves(8, 0.8) },
    'fc2.bias': { shape: [3], data: waves(3, 1.5) },
  },
};

/** {@link waveAnn} with max-pooling. */
export const waveAnnWithMaxPooling: Ann = {
  ...waveAnn,
  architecture: {
    ...waveAnn.architecture,
    layers: waveAnn.architecture.layers.map((layer) =>
      layer.kind === 'average-pool' ? { ...layer, kind: 'max-pool' } : layer,
    ),
  },
};
