import { describe, expect, it } from 'vitest';

import { clampedRate } from './clamped-rate.js';
import { distilReconvert } from './distil-reconvert.js';
import { reconvert } from './reconvert.js';
import { spikeGradient } from './spike-gradient.js';

// Every option of every preset, in literals: a change of any default or preset must show here.

/** Attack 1 (Algorithm 1 of AAAI, 2 of v1): η = 6, blur every 4 iterations, a uniform start in [0, 1]. */
const attack1 = {
  imagesPerClass: 1,
  batchSize: 100,
  iterations: 100,
  initialisation: 'unit',
  optimizer: 'plain',
  learningRate: 6,
  normaliseGradient: false,
  projection: 'min-max-at-end',
  blurEvery: 4,
  blurSigma: 0.5,
  blurSize: 3,
  jitter: 0,
  flip: false,
  objective: 'logit',
};

/** Attack 2 (Algorithm 3 of AAAI, 4 of v1): ζ = 0.01, G cleared at each iteration, the network's own T. */
const attack2 = {
  imagesPerClass: 1,
  batchSize: 100,
  iterations: 100,
  initialisation: 'unit',
  optimizer: 'plain',
  learningRate: 0.01,
  normaliseGradient: false,
  projection: 'min-max-at-end',
  blurEvery: 0,
  blurSigma: 0.5,
  blurSize: 3,
  jitter: 0,
  flip: false,
  timeSteps: 0,
  literal: false,
  detachReset: true,
};

/** What gave the clearest pictures. */
const tuned = {
  imagesPerClass: 1,
  batchSize: 100,
  iterations: 100,
  initialisation: 'input-range',
  optimizer: 'adam',
  learningRate: 0.05,
  normaliseGradient: false,
  projection: 'clip-each-step',
  blurEvery: 4,
  blurSigma: 0.7,
  blurSize: 3,
  jitter: 3,
  flip: true,
};

const distillation = {
  queries: 1000,
  rounds: 2,
  timeSteps: 0,
  distilEpochs: 5,
  distilBatchSize: 32,
  distilLearningRate: 1e-4,
};

const stages = [
  {
    stage: reconvert,
    rows: {
      'paper-aaai': attack1,
      'paper-v1': attack1,
      // The public code has no attack.
      'official-code': attack1,
      tuned: { ...tuned, objective: 'logit' },
    },
  },
  {
    stage: spikeGradient,
    rows: {
      'paper-aaai': attack2,
      'paper-v1': attack2,
      'official-code': attack2,
      tuned: { ...tuned, blurEvery: 30, timeSteps: 0, literal: false, detachReset: true },
    },
  },
  { stage: clampedRate, rows: { tuned: { ...tuned, objective: 'logit', straightThrough: true } } },
  { stage: distilReconvert, rows: { tuned: { ...tuned, objective: 'logit', ...distillation } } },
];

describe.each(stages)('the presets of $stage.id', ({ stage, rows }) => {
  it('are these', () => {
    expect(Object.keys(stage.presets!)).toEqual(Object.keys(rows));
  });

  it.each(Object.entries(rows))('%s equals its row', (name, row) => {
    expect(stage.options.parse(stage.presets![name])).toEqual(row);
  });
});

describe('the adaptive attacks, which are not from the paper', () => {
  it('have the rest from attack 1', () => {
    expect(clampedRate.options.parse({})).toEqual({ ...attack1, straightThrough: true });
    expect(distilReconvert.options.parse({})).toEqual({ ...attack1, ...distillation });
  });
});
