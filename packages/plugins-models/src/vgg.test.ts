import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { layerShapes, weightedLayers } from '@privatesnn/core';

import { vgg, vggNames } from './vgg.js';

describe('vgg', () => {
  it('gives the paper’s VGG16: 13 convolutions, 5 poolings, 512 → 4096 → classes', () => {
    const network = vgg('vgg16', { inputShape: [32, 32, 3], classes: 10 });
    expect(weightedLayers(network).slice(-2)).toEqual([
      { kind: 'dense', name: 'fc1', inputs: 512, outputs: 4096, bias: false },
      { kind: 'dense', name: 'fc2', inputs: 4096, outputs: 10, bias: false },
    ]);
    expect(network.layers.filter(({ kind }) => kind === 'conv')).toHaveLength(13);
    expect(network.layers.filter(({ kind }) => kind === 'average-pool')).toHaveLength(5);
    const tiny = vgg('vgg16', { inputShape: [64, 64, 3], classes: 200 });
    expect(weightedLayers(tiny).at(-2)).toMatchObject({ inputs: 2048, outputs: 4096 });
  });

  it.each([
    ['vgg5', 5],
    ['vgg9', 9],
    ['vgg11', 10],
    ['vgg13', 12],
    ['vgg16', 15],
    ['vgg19', 18],
  ] as const)('%s has %i weighted layers, as in the public code', (name, count) => {
    const network = vgg(name, { inputShape: [32, 32, 3], classes: 10 });
    expect(weightedLayers(network)).toHaveLength(count);
  });

  it('fits together for any size, width and number of classes', () => {
    fc.assert(
      fc.property(
        fc.constantFrom(...vggNames),
        fc.integer({ min: 32, max: 70 }),
        fc.integer({ min: 32, max: 70 }),
        fc.integer({ min: 1, max: 4 }),
        fc.integer({ min: 1, max: 300 }),
        fc.double({ min: 0.01, max: 2, noNaN: true }),
        (name, height, width, channels, classes, factor) => {
          const network = vgg(name, {
            inputShape: [height, width, channels],
            classes,
            width: factor,
            hidden: 7,
            dropout: 0,
          });
          expect(layerShapes(network).at(-1)).toEqual([1, 1, classes]);
          expect(network.layers.filter(({ kind }) => kind === 'dropout')).toHaveLength(1);
          const names = weightedLayers(network).map((layer) => layer.name);
          expect(new Set(names).size).toBe(names.length);
        },
      ),
    );
  });

  it('puts dropout after convolutions that no pooling follows, and before the last layer', () => {
    const { layers } = vgg('vgg5', { inputShape: [8, 8, 1], classes: 2, dropout: 0.25 });
    expect(layers.map((layer) => (layer.kind === 'dropout' ? layer.rate : layer.kind))).toEqual([
      'conv',
      'average-pool',
      'conv',
      0.25,
      'conv',
      'average-pool',
      'flatten',
      'dense',
      0.5,
      'dense',
    ]);
  });

  it('pools by average or by maximum, and is else the same', () => {
    fc.assert(
      fc.property(fc.constantFrom(...vggNames), (name) => {
        const options = { inputShape: [32, 32, 3], classes: 10 } as const;
        const average = vgg(name, options);
        const max = vgg(name, { ...options, pooling: 'max' });
        expect(vgg(name, { ...options, pooling: 'average' })).toEqual(average);
        expect(max.layers).toEqual(
          average.layers.map((layer) =>
            layer.kind === 'average-pool' ? { ...layer, kind: 'max-pool' } : layer,
          ),
        );
        expect(max.layers.some(({ kind }) => kind === 'max-pool')).toBe(true);
      }),
    );
  });

  it('says which size it needs when images are too small', () => {
    expect(() => vgg('vgg16', { inputShape: [28, 28, 1], classes: 10 })).toThrow(
      'VGG16 halves its input 5 times and so takes images of at least 32 × 32 pixels, but the images have 28 × 28.',
    );
  });
});
