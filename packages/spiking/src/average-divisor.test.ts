import { layerShapes, type AveragePoolLayer } from '@privatesnn/core';
import fc from 'fast-check';
import { expect, it } from 'vitest';

import { averageDivisor } from './average-divisor.js';

const sizes = fc.tuple(fc.integer({ min: 1, max: 4 }), fc.integer({ min: 1, max: 4 }));

it('is a multiple of how many pixels of the image each window has, where the others are left out', () => {
  fc.assert(
    fc.property(sizes, sizes, fc.tuple(fc.nat(2), fc.nat(2), fc.nat(2), fc.nat(2)), (...drawn) => {
      const [size, stride, padding] = drawn;
      const layer: AveragePoolLayer = {
        kind: 'average-pool',
        size,
        stride,
        padding,
        countPadded: false,
      };
      const [height, width] = [5, 6];
      const shape = (() => {
        try {
          const architecture = { name: 'p', inputShape: [5, 6, 1] as const, classes: 1 };
          return layerShapes({ ...architecture, layers: [layer] })[0];
        } catch {
          return undefined;
        }
      })();
      fc.pre(shape !== undefined);
      const divisor = averageDivisor(layer, { height, width });
      const [top, , left] = padding;
      for (let y = 0; y < shape[0]; y++) {
        for (let x = 0; x < shape[1]; x++) {
          let inside = 0;
          for (let i = 0; i < size[0] * size[1]; i++) {
            const row = y * stride[0] - top! + Math.floor(i / size[1]);
            const column = x * stride[1] - left! + (i % size[1]);
            if (row >= 0 && row < height && column >= 0 && column < width) inside++;
          }
          expect(divisor % inside).toBe(0);
        }
      }
      expect(averageDivisor({ ...layer, countPadded: true }, { height, width })).toBe(
        size[0] * size[1],
      );
    }),
  );
});
