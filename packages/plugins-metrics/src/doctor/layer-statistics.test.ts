import fc from 'fast-check';
import { expect, test } from 'vitest';

import { layerStatistics } from './layer-statistics.js';

test('by hand: two images, three neurons, T = 10', () => {
  // Neuron 0 follows the ANN, neuron 1 is used but never spikes, neuron 2 is used by neither.
  const activations = Float32Array.from([1, 2, 0, 0.5, 0, 0]);
  const counts = Uint16Array.from([10, 0, 0, 5, 0, 0]);
  const statistics = layerStatistics('conv1', activations, counts, 3, 10, 0.9);
  expect(statistics).toMatchObject({
    layer: 'conv1',
    dead: 0.5,
    tooFine: 0,
    saturated: 1 / 6,
    highestRate: 1,
  });
  expect(statistics.gain).toBeCloseTo((1 * 1 + 0.5 * 0.5) / (1 + 0.25), 6);
});

test('a silent layer', () => {
  const silent = layerStatistics('fc1', Float32Array.from([1, 0]), new Uint16Array(2), 2, 5, 1);
  expect(silent).toEqual({
    layer: 'fc1',
    correlation: null,
    dead: 1,
    tooFine: 0,
    saturated: 0,
    highestRate: 0,
    gain: 0,
  });
});

test('rates in proportion to the activations correlate fully, and the gain is their ratio', () => {
  const counts = fc
    .array(fc.integer({ min: 0, max: 50 }), { minLength: 4, maxLength: 40 })
    .filter((values) => new Set(values).size > 1);
  fc.assert(
    fc.property(counts, fc.double({ min: 0.1, max: 20, noNaN: true }), (spikes, gain) => {
      const activations = Float32Array.from(spikes, (count) => (gain * count) / 50);
      const statistics = layerStatistics('l', activations, Uint16Array.from(spikes), 1, 50, gain);
      expect(statistics.correlation).toBeCloseTo(1, 5);
      expect(statistics.gain / gain).toBeCloseTo(1, 5);
      expect(statistics.highestRate).toBe(Math.max(...spikes) / 50);
    }),
  );
});

test('the highest rate leaves out one neuron of ten thousand', () => {
  const counts = new Uint16Array(10_000).fill(3);
  counts[7] = 90;
  const { highestRate } = layerStatistics('l', new Float32Array(10_000), counts, 10_000, 100, 1);
  expect(highestRate).toBe(0.03);
});

test('at T = 1 a neuron that spikes is not saturated for that, and one that cannot spike is too fine', () => {
  const activations = Float32Array.from([0.9, 1.5, 0.4, 2.5]);
  const statistics = layerStatistics('l', activations, Uint16Array.from([1, 1, 0, 1]), 4, 1, 1);
  expect(statistics).toMatchObject({ saturated: 1 / 4, dead: 1 / 4, tooFine: 2 / 4 });
});
