import { expect, test } from 'vitest';

import { findingsOf } from './findings.js';
import { layerOf } from './testing/layer.js';

test('silent, saturated, half-dead and too fine layers are named', () => {
  const layers = [
    layerOf('conv1', { saturated: 0.2 }),
    layerOf('conv2', { dead: 0.8 }),
    layerOf('fc1', { dead: 0.9, tooFine: 0.8 }),
    layerOf('fc2', { highestRate: 0, dead: 1, tooFine: 1 }),
  ];
  expect(findingsOf(layers, 2)).toEqual([
    'No neuron spikes in fc2.',
    'More than 1 % of the neurons would need more spikes than time-steps in conv1.',
    'More than half of the neurons that the ANN uses never spike in conv2.',
    'More than half of the neurons that the ANN uses stand for less than one spike in T = 2 in fc1.',
  ]);
});

test('a sound layer is not named', () => {
  expect(findingsOf([layerOf('conv1')], 100)).toEqual([]);
});
