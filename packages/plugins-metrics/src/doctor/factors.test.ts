import type { Architecture } from '@privatesnn/core';
import fc from 'fast-check';
import { expect, test } from 'vitest';

import { factorsToTry, thresholdDepths } from './factors.js';
import { layerOf } from './testing/layer.js';

const roomy = [
  layerOf('conv1', { highestRate: 0.5 }),
  layerOf('conv2', { highestRate: 0.36 }),
  layerOf('fc1', { highestRate: 0.125 }),
];
const needed = [9, 9, 9];

test('rates that leave room: the smallest factor that cuts off none comes first', () => {
  expect(factorsToTry('threshold-balancing', roomy, needed, [1, 2, 3], 100)[0]).toBe(0.6);
  expect(factorsToTry('adaptive-spiking', roomy, needed, [1, 2, 3], 100)[0]).toBe(0.5);
});

test('a layer that spikes pass by counts with the thresholds that its spikes are made of', () => {
  const dense = { kind: 'dense', inputs: 3, outputs: 3, bias: false } as const;
  const layers: Architecture['layers'] = [
    { ...dense, name: 'stem' },
    { ...dense, name: 'a' },
    { ...dense, name: 'b', linear: true },
    { kind: 'add', name: 'sum', from: ['stem', 'b'] },
    { ...dense, name: 'out' },
  ];
  const depths = thresholdDepths({ name: 'block', inputShape: [1, 1, 3], classes: 3, layers });
  expect(depths).toEqual([1, 2, 2]);
  expect(factorsToTry('threshold-balancing', roomy, needed, depths, 100)[0]).toBe(0.6);
});

test('saturated and silent layers, and all layers at few time-steps, count with the rate that they need', () => {
  const [first] = roomy;
  const cut = [first!, layerOf('conv2', { saturated: 0.1 })];
  expect(factorsToTry('threshold-balancing', cut, [7, 2.25], [1, 2], 100)[0]).toBe(1.5);
  const silent = [layerOf('conv1', { highestRate: 0 })];
  expect(factorsToTry('threshold-balancing', silent, [0.031], [1], 100)[0]).toBe(0.031);
  expect(factorsToTry('threshold-balancing', [layerOf('conv1')], [0.31], [1], 1)[0]).toBe(0.31);
});

test('both directions are tried, whatever the rates are, and nothing near 1', () => {
  const rate = fc.double({ min: 0, max: 1, noNaN: true });
  const layers = fc.array(
    fc.record({ highestRate: rate, saturated: rate, needed: fc.double({ min: 0, noNaN: true }) }),
    { maxLength: 6 },
  );
  fc.assert(
    fc.property(layers, fc.integer({ min: 1, max: 200 }), (found, timeSteps) => {
      const factors = factorsToTry(
        'threshold-balancing',
        found.map((layer, i) => layerOf(`l${i}`, layer)),
        found.map((layer) => layer.needed),
        found.map((_, i) => i + 1),
        timeSteps,
      );
      expect(Math.min(...factors)).toBeLessThan(1);
      expect(Math.max(...factors)).toBeGreaterThan(1);
      for (const factor of factors) {
        expect(Number.isFinite(factor) && factor > 0).toBe(true);
        expect(Math.abs(factor - 1)).toBeGreaterThan(0.05);
      }
      expect(new Set(factors).size).toBe(factors.length);
    }),
  );
});
