import { describe, expect, it } from 'vitest';

import { stbp } from './stbp.js';
import { tdbn } from './tdbn/tdbn.js';

/** PrivateSNN: Adam 1e-4, 20 epochs, ÷10 at 50 % and 70 %, m = 0.7, τ = 20, τ²·KL, Eq. 5, hard labels. */
const paper = {
  learningRate: 1e-4,
  epochs: 20,
  milestones: [0.5, 0.7],
  divideBy: 10,
  samples: 5000,
  distillation: true,
  m: 0.7,
  temperature: 20,
  timesSquaredTemperature: true,
  labels: 'hard',
  surrogate: 'triangle',
  gamma: 1,
  divideByTheta: false,
  detachReset: true,
};

const hybrid = { distillation: false, labels: 'hard', gamma: 0.3, divideByTheta: true };

const rows = {
  'paper-aaai': paper,
  'paper-v1': paper,
  // The code multiplies the surrogate by 0.3/θ and detaches the reset.
  'official-code': { ...paper, gamma: 0.3, divideByTheta: true, detachReset: true },
  // The spike-time surrogate 0.3·exp(−0.01·Δt), or the linear one.
  'rathi-2020': { ...hybrid, surrogate: 'spike-time', beta: 0.01 },
  'rathi-2020-linear': { ...hybrid, surrogate: 'triangle' },
  'lee-2020': { distillation: false, labels: 'hard', timeSteps: 100 },
};

describe('the presets of stbp', () => {
  it.each(Object.entries(rows))('%s is what the method says', (name, row) => {
    expect(stbp.options.parse(stbp.presets![name])).toMatchObject(row);
  });
});

describe('the presets of tdbn', () => {
  it('zheng-2020 has α = 1 and the rectangular surrogate of the paper', () => {
    const options = tdbn.options.parse(tdbn.presets!['zheng-2020']);
    // 1/a where |u − θ| < a/2, with a = 1 and θ = 0.5: twice θ wide.
    expect(options).toMatchObject({ alpha: 1, surrogateWidth: 2, optimizer: 'sgd' });
  });
});
