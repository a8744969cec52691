import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { layerShapes, weightedLayers } from '@privatesnn/core';

import { arbitraryAnn, arbitraryArchitecture } from './networks.js';
import { arbitraryImages, arbitrarySnnRun } from './spiking.js';

describe('arbitraryArchitecture', () => {
  it('gives layers that fit together and end in one output a class', () => {
    fc.assert(
      fc.property(
        arbitraryArchitecture({ pooling: ['average-pool', 'max-pool'], dropout: true }),
        (architecture) => {
          expect(layerShapes(architecture).at(-1)).toEqual([1, 1, architecture.classes]);
        },
      ),
    );
  });
});

describe('arbitraryAnn', () => {
  it('gives parameters of the right shapes', () => {
    fc.assert(
      fc.property(arbitraryAnn(), ({ architecture, parameters }) => {
        for (const layer of weightedLayers(architecture)) {
          const { shape, data } = parameters[`${layer.name}.weight`]!;
          expect(data.length).toBe(shape.reduce((a, b) => a * b));
          expect(`${layer.name}.bias` in parameters).toBe(layer.bias);
        }
      }),
    );
  });
});

describe('arbitrarySnnRun', () => {
  it('gives thresholds above 0 and whole images', () => {
    fc.assert(
      fc.property(arbitrarySnnRun(), ({ snn, pixels }) => {
        expect(Object.keys(snn.thresholds)).toHaveLength(
          weightedLayers(snn.architecture).length - 1,
        );
        expect(Object.values(snn.thresholds).every((threshold) => threshold > 0)).toBe(true);
        expect(pixels.length % snn.architecture.inputShape.reduce((a, b) => a * b, 1)).toBe(0);
      }),
    );
  });
});

describe('arbitraryImages', () => {
  it('gives a label for every image', () => {
    const architecture = { inputShape: [2, 3, 1], classes: 4 } as const;
    fc.assert(
      fc.property(arbitraryImages(architecture), ({ shape, labels, pixels }) => {
        expect(labels).toHaveLength(shape[0]);
        expect(pixels).toHaveLength(shape[0] * 6);
      }),
    );
  });
});
