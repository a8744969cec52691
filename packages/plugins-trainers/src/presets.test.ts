import { describe, expect, it } from 'vitest';

import { stbp } from './stbp.js';
import { tdbn } from './tdbn/tdbn.js';

// Every option of every preset, in literals: a change of any default or preset must show here.

/** PrivateSNN: Adam 1e-4, 20 epochs, ÷10 at 50 % and 70 %, m = 0.7, τ = 20, τ²·KL, Eq. 5, hard labels. */
const paper = {
  samples: 5000,
  epochs: 20,
  batchSize: 16,
  optimizer: 'adam',
  sgdMomentum: 0,
  weightDecay: 0,
  amsgrad: false,
  learningRate: 1e-4,
  milestones: [0.5, 0.7],
  divideBy: 10,
  distillation: true,
  m: 0.7,
  temperature: 20,
  timesSquaredTemperature: true,
  loss: 'cross-entropy',
  labels: 'hard',
  readout: 'keep',
  surrogate: 'triangle',
  gamma: 1,
  width: 1,
  beta: 0.01,
  divideByTheta: false,
  detachReset: true,
  dropout: false,
  trainThresholds: false,
  weightNoise: 0,
  memoryBudget: 512,
};

/**
 * Rathi 2020: real images with their classes, no teacher, 0.3/θ before the surrogate; 300 epochs in batches of 64 by
 * AMSGrad at 1e-4, ÷10 at 40, 65 and 85 %, decay 5e-4.
 */
const hybrid = {
  ...paper,
  samples: 50_000,
  epochs: 300,
  batchSize: 64,
  amsgrad: true,
  weightDecay: 5e-4,
  milestones: [0.4, 0.65, 0.85],
  divideBy: 10,
  distillation: false,
  gamma: 0.3,
  divideByTheta: true,
  dropout: true,
};

const encryption = {
  'paper-aaai': paper,
  'paper-v1': paper,
  // The code multiplies the surrogate by 0.3/θ and detaches the reset.
  'official-code': { ...paper, gamma: 0.3, divideByTheta: true, detachReset: true },
  // The spike-time surrogate 0.3·exp(−0.01·Δt), or the linear one.
  'rathi-2020': { ...hybrid, surrogate: 'spike-time', beta: 0.01 },
  'rathi-2020-linear': { ...hybrid, surrogate: 'triangle' },
  // SGD on half the squared error of the potential over T, the derivative of the spike train; batch, epochs, schedule,
  // rate and decay of the public code, whose 0.0033 and 5e-4 are for 32 times this loss.
  'lee-2020': {
    ...paper,
    samples: 50_000,
    epochs: 150,
    optimizer: 'sgd',
    weightDecay: 1.5625e-5,
    learningRate: 0.1056,
    milestones: [70 / 150, 100 / 150, 125 / 150],
    divideBy: 5,
    timeSteps: 100,
    distillation: false,
    loss: 'squared-error',
    readout: 'mean',
    surrogate: 'spike-train',
    divideByTheta: true,
    dropout: true,
  },
  // A tenth of the paper's learning rate, so that training does not destroy the network.
  tuned: { ...paper, learningRate: 1e-5 },
};

const thresholdDependent = {
  // Zheng 2020: α = 1, SGD; 1/a where |u − θ| < a/2 with a = 1 and θ = 0.5: twice θ wide.
  'zheng-2020': {
    samples: 50_000,
    epochs: 20,
    batchSize: 32,
    loss: 'cross-entropy',
    optimizer: 'sgd',
    sgdMomentum: 0.9,
    weightDecay: 0,
    amsgrad: false,
    learningRate: 0.05,
    milestones: [0.5, 0.7],
    divideBy: 10,
    alpha: 1,
    epsilon: 1e-5,
    momentum: 0.9,
    surrogate: 'rectangle',
    gamma: 0.5,
    width: 2,
    beta: 0.01,
    divideByTheta: true,
  },
};

const stages = [
  { stage: stbp, rows: encryption },
  { stage: tdbn, rows: thresholdDependent },
];

describe.each(stages)('the presets of $stage.id', ({ stage, rows }) => {
  it('are these', () => {
    expect(Object.keys(stage.presets!)).toEqual(Object.keys(rows));
  });

  it.each(Object.entries(rows))('%s equals its row', (name, row) => {
    expect(stage.options.parse(stage.presets![name])).toEqual(row);
  });
});
