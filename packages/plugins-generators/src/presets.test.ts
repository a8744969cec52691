import { describe, expect, it } from 'vitest';

import { dataImpressions } from './data-impressions.js';

// Every option of every preset, in literals: a change of any default or preset must show here.

/**
 * PrivateSNN and its public code: cosine similarity, β = 1, ε = 1e-4, logits / 20, Adam 1e-3, 2,500 iterations,
 * pixels clipped only when saved.
 */
const paper = {
  samples: 5000,
  samplesPerClass: 0,
  similarity: 'cosine',
  beta: 1,
  epsilon: 1e-4,
  labels: 'soft',
  temperature: 20,
  batchSize: 100,
  learningRate: 1e-3,
  accumulateGradient: false,
  iterations: 2500,
  initialisation: 'unit',
  projection: 'clip-at-end',
  eightBit: false,
  stopAtLoss: 0,
  stopMeasure: 'cross-entropy',
  stopBy: 'image',
  jitter: 0,
  flip: false,
  blurEvery: 0,
  blurKernel: 'binomial',
  blurSigma: 0.5,
};

const rows = {
  'paper-aaai': paper,
  'paper-v1': paper,
  // 1,000 images a class, from noise over the whole input range, 2,499 steps along summed gradients, 8-bit files.
  'official-code': {
    ...paper,
    samplesPerClass: 1000,
    initialisation: 'input-range',
    iterations: 2499,
    accumulateGradient: true,
    eightBit: true,
  },
  // Strong, smooth images of one class each, stopped by the loss.
  tuned: {
    ...paper,
    labels: 'hard',
    temperature: 1,
    learningRate: 0.05,
    iterations: 100,
    initialisation: 'smooth',
    projection: 'clip-each-step',
    stopAtLoss: 0.2,
    jitter: 3,
    flip: true,
    blurEvery: 4,
  },
  // Dead leaves of one class each, stopped by losses as those of training images.
  natural: {
    ...paper,
    labels: 'hard',
    temperature: 1,
    learningRate: 0.02,
    iterations: 60,
    initialisation: 'dead-leaves',
    projection: 'clip-each-step',
    stopAtLoss: [1e-8, 1],
    jitter: 3,
    flip: true,
  },
};

describe('the presets of data-impressions', () => {
  it('are these', () => {
    expect(Object.keys(dataImpressions.presets!)).toEqual(Object.keys(rows));
  });

  it.each(Object.entries(rows))('%s equals its row', (name, row) => {
    const presets: Record<string, object> = dataImpressions.presets!;
    expect(dataImpressions.options.parse(presets[name])).toEqual(row);
  });
});
