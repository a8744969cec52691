import fc from 'fast-check';
import { expect, test } from 'vitest';

import type { LayerStatistics } from './layer-statistics.js';
import { suggest } from './suggestion.js';

const layer = (name: string, change: Partial<LayerStatistics> = {}): LayerStatistics => ({
  layer: name,
  correlation: 0.9,
  dead: 0,
  saturated: 0,
  highestRate: 1,
  gain: 1,
  ...change,
});
const flat = { timeSteps: [10, 20], accuracy: [0.9, 0.9] };

test('a healthy conversion whose T could be smaller', () => {
  const { thresholdFactor, timeSteps, advice } = suggest([layer('conv1')], flat, 0.9);
  expect(thresholdFactor).toBe(1);
  expect(timeSteps).toBe(10);
  expect(advice).toEqual(['T = 10 already gives the accuracy of T = 20 within 1 point.']);
});

test('rates that leave room', () => {
  const layers = [
    layer('conv1', { highestRate: 0.5 }),
    layer('conv2', { highestRate: 0.36 }),
    layer('fc1', { highestRate: 0.125 }),
  ];
  const { thresholdFactor, advice } = suggest(layers, flat, 0.9);
  expect(thresholdFactor).toBeCloseTo(0.6, 10);
  expect(advice[0]).toContain('multiply the threshold scale by 0.60');
});

test('silent, saturated and half-dead layers are named', () => {
  const layers = [
    layer('conv1', { saturated: 0.2 }),
    layer('conv2', { dead: 0.8 }),
    layer('fc1', { highestRate: 0, dead: 1 }),
  ];
  const { advice } = suggest(layers, flat, 0.9);
  expect(advice.find((line) => line.startsWith('No neuron spikes'))).toContain('in fc1:');
  expect(advice.find((line) => line.includes('nearly every time-step'))).toContain('in conv1:');
  expect(advice.find((line) => line.startsWith('More than half'))).toContain('in conv2:');
});

test('more time-steps only where accuracy still rises and is below the ANN', () => {
  const rising = { timeSteps: [10, 20], accuracy: [0.5, 0.7] };
  expect(suggest([layer('l')], rising, 0.9).timeSteps).toBe(40);
  expect(suggest([layer('l')], rising, 0.7).timeSteps).toBe(20);
});

test('the factor saturates no layer and lies in (0, 1]', () => {
  const rates = fc.array(fc.double({ min: 0.001, max: 1, noNaN: true }), {
    minLength: 1,
    maxLength: 15,
  });
  fc.assert(
    fc.property(rates, (highest) => {
      const layers = highest.map((highestRate, i) => layer(`l${i}`, { highestRate }));
      const { thresholdFactor } = suggest(layers, flat, 0.9);
      expect(thresholdFactor).toBeGreaterThan(0);
      expect(thresholdFactor).toBeLessThanOrEqual(1);
      highest.forEach((rate, i) =>
        expect(rate / thresholdFactor ** (i + 1)).toBeLessThanOrEqual(1 + 1e-9),
      );
    }),
  );
});
