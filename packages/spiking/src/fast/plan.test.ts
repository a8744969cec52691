import type { Architecture, Layer } from '@privatesnn/core';
import { describe, expect, it } from 'vitest';

import { planOf } from './plan.js';

const conv = (name: string, inChannels: number): Layer => ({
  kind: 'conv',
  name,
  inChannels,
  outChannels: 4,
  kernel: 3,
  stride: 1,
  padding: 1,
  bias: false,
});
const dense: Layer = { kind: 'dense', name: 'fc', inputs: 16, outputs: 2, bias: false };

function network(layers: readonly Layer[]): Architecture {
  return { name: 'small', inputShape: [8, 8, 1], classes: 2, layers };
}

describe('planOf', () => {
  it('joins what lies between weighted layers into one transition', () => {
    const layers: Layer[] = [
      conv('a', 1),
      { kind: 'max-pool', size: 2 },
      { kind: 'dropout', rate: 0.25 },
      { kind: 'average-pool', size: 2 },
      { kind: 'flatten' },
      { kind: 'dropout', rate: 0.5 },
      dense,
    ];
    const plan = planOf(network(layers));
    expect(plan.classes).toBe(2);
    expect(plan.layers[1]).toMatchObject({
      before: {
        maxPools: [{ kernelHeight: 2, strideX: 2, outHeight: 4, outWidth: 4, gated: false }],
        averagePool: 2,
        flat: true,
        dropouts: [
          { rate: 0.25, layer: 2, pool: 2 },
          { rate: 0.5, layer: 5, pool: 4 },
        ],
      },
      source: { height: 8, width: 8, channels: 4 },
      input: { height: 1, width: 1, channels: 16 },
      last: true,
    });
  });

  it.each([
    ['max-pooling of the input', [{ kind: 'max-pool', size: 2 }, conv('a', 1)]],
    [
      'max-pooling of averages',
      [conv('a', 1), { kind: 'average-pool', size: 2 }, { kind: 'max-pool', size: 2 }],
    ],
    [
      'max-pool "p" after a flatten layer',
      [conv('a', 1), { kind: 'flatten' }, { kind: 'max-pool', name: 'p', size: 1 }],
    ],
    [
      'average-pool "p", which leaves its padding out of means of 25 pixels',
      [
        conv('a', 1),
        { kind: 'average-pool', name: 'p', size: 5, stride: 1, padding: 2, countPadded: false },
      ],
    ],
    [
      'conv "b", which takes a shortcut',
      [conv('a', 1), { kind: 'shortcut', stride: 1, before: 0, after: 0 }, conv('b', 4)],
    ],
    [
      'gated max-pool "p" of currents',
      [
        { ...conv('a', 1), linear: true },
        { kind: 'max-pool', name: 'p', size: 2, gated: true },
        conv('b', 4),
      ],
    ],
    ['a network without weights', [{ kind: 'flatten' }]],
  ] as [string, Layer[]][])('refuses %s by name', (what, layers) => {
    expect(() => planOf(network(layers))).toThrow(
      expect.objectContaining({
        code: 'ENGINE_LAYERS',
        message: expect.stringContaining(what) as string,
      }) as Error,
    );
  });
});
