import { expect, test } from 'vitest';

import { tinySnn } from '../testing/fixtures.js';
import { converterOf } from './converter-of.js';

test('thresholds of 1, others, and adaptive neurons tell the converters apart', () => {
  expect(converterOf(tinySnn)).toBe('weight-normalisation');
  expect(converterOf({ ...tinySnn, thresholds: { hidden: 0.7 } })).toBe('threshold-balancing');
  const neuron = {
    kind: 'adaptive',
    rest: 1,
    growth: 0,
    thresholdDecay: 0,
    refractoryDecay: 0,
    currentDecay: 0,
    membraneDecay: 0,
  } as const;
  expect(converterOf({ ...tinySnn, neuron })).toBe('adaptive-spiking');
});
