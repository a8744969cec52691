import { describe, expect, it } from 'vitest';

import { adaptiveSpiking } from './adaptive-spiking.js';
import { leastError } from './least-error.js';
import { thresholdBalancing } from './threshold-balancing.js';
import { weightNormalisation } from './weight-normalisation.js';

// Every option of every preset, in literals: a change of any default or preset must show here.

/** PrivateSNN (AAAI 2022): T = 150 on CIFAR-10, scale and samples from v1, signed Poisson input, soft reset. */
const paper = {
  timeSteps: 150,
  leak: 1,
  reset: 'soft',
  firing: 'strict',
  initialPotential: 0,
  encoder: 'poisson',
  encoderRange: 'network',
  spikes: 'binary',
  probeSteps: 0,
  readoutAfter: 0,
  maxPooling: 'refuse',
  layerDelay: false,
  samples: 1000,
  draw: 'spread',
  cropPadding: 0,
  flip: false,
  scale: 0.7,
  scaleApplied: 'afterwards',
  scaleCandidates: [0.9, 0.8, 0.7, 0.6, 0.5, 0.4],
  searchSamples: 100,
  percentile: 100,
  readout: 'sum',
};

const balancing = {
  'paper-aaai': paper,
  'paper-v1': { ...paper, timeSteps: 100 },
  // Two batches of 1,024, randomly cropped from a border of 4 and mirrored.
  'official-code': {
    ...paper,
    timeSteps: 100,
    samples: 2048,
    draw: 'random',
    cropPadding: 4,
    flip: true,
    scale: 1,
  },
  // The largest input current, hard reset, T = 2,500, Poisson input.
  'sengupta-2019': { ...paper, timeSteps: 2500, scale: 1, reset: 'hard' },
  // The same with soft reset and θ scaled by α.
  'han-2020': { ...paper, timeSteps: 2500, scale: 0.7, reset: 'soft' },
  // Thresholds at T = 1,000 from one batch of 512, α = 0.7.
  'rathi-2020': {
    ...paper,
    timeSteps: 100,
    calibrationSteps: 1000,
    samples: 512,
    scale: 0.7,
    reset: 'delayed-soft',
    layerDelay: true,
  },
  // A lower scale at T = 100, and logits of the size of the ANN's.
  tuned: {
    ...paper,
    timeSteps: 100,
    samples: 200,
    scale: 0.5,
    scaleApplied: 'while-balancing',
    readout: 'fitted',
  },
};

/** Rueckauer 2017: the 99.9th percentile, θ = 1, reset by subtraction, analog input. */
const rueckauer = {
  timeSteps: 150,
  leak: 1,
  reset: 'soft',
  firing: 'strict',
  initialPotential: 0,
  encoder: 'constant',
  encoderRange: 'network',
  spikes: 'binary',
  probeSteps: 0,
  readoutAfter: 0,
  maxPooling: 'refuse',
  statistic: 'percentile',
  percentile: 99.9,
  modelInputs: 'range',
  samples: 200,
  batchSize: 50,
};

const normalisation = {
  'rueckauer-2017': rueckauer,
  'diehl-2015-data': { ...rueckauer, statistic: 'data', reset: 'hard', encoder: 'poisson' },
  // Algorithm 1 sums positive weights, for inputs in [0, 1].
  'diehl-2015-model': {
    ...rueckauer,
    statistic: 'model',
    modelInputs: 'unit',
    reset: 'hard',
    encoder: 'poisson',
  },
  // From scratch, for tdbn: T = 6, leak 0.25, hard reset, pixels as a current.
  'zheng-2020': {
    ...rueckauer,
    statistic: 'none',
    timeSteps: 6,
    leak: 0.25,
    reset: 'hard',
    encoder: 'constant',
  },
  // From scratch: T = 100, leak 0.99, θ = 1, hard reset, signed Poisson input.
  'lee-2020': {
    ...rueckauer,
    statistic: 'none',
    timeSteps: 100,
    leak: 0.99,
    reset: 'hard',
    encoder: 'poisson',
  },
};

const adaptive = {
  // τγ = 15, τη = τβ = 50, τφ = 2.5 ms, ϑ₀ = m_f, analog input, an activation of 1 passes unchanged.
  'zambrano-2019': {
    timeSteps: 150,
    encoder: 'constant',
    encoderRange: 'network',
    maxPooling: 'refuse',
    threshold: 0.1,
    growth: 0.1,
    tauThreshold: 15,
    tauRefractory: 50,
    tauCurrent: 50,
    tauMembrane: 2.5,
    matchAt: 1,
    readout: 'filtered',
    percentile: 99.9,
    samples: 200,
    batchSize: 50,
  },
};

/** θ/2 at the start and constant input (Bu 2022), biases by mean rates (Li 2021). */
const tuned = {
  timeSteps: 16,
  leak: 1,
  reset: 'soft',
  firing: 'strict',
  initialPotential: 0.5,
  encoder: 'constant',
  encoderRange: 'network',
  spikes: 'binary',
  probeSteps: 0,
  readoutAfter: 0,
  maxPooling: 'refuse',
  samples: 200,
  draw: 'spread',
  cropPadding: 0,
  flip: false,
  thresholds: 'layer',
  localUpdates: 400,
  scale: 'auto',
  scaleCandidates: [1.15, 1, 0.85, 0.7],
  biases: 'calibrated',
  potentials: 'fixed',
  biasSamples: 50,
  weights: 'given',
  weightSamples: 200,
  weightSteps: 60,
  weightRate: 5e-3,
  allowedLoss: 2,
  leastEnergyRatio: 0,
  timeStepCandidates: [4, 8, 16, 32, 64],
  searchSamples: 100,
  readout: 'fitted',
  batchSize: 50,
};

const least = {
  tuned,
  auto: { ...tuned, timeSteps: 'auto' },
  clipped: { ...tuned, biases: 'ann', thresholds: 'clip', scale: 1 },
};

const stages = [
  { stage: thresholdBalancing, rows: balancing },
  { stage: weightNormalisation, rows: normalisation },
  { stage: adaptiveSpiking, rows: adaptive },
  { stage: leastError, rows: least },
];

describe.each(stages)('the presets of $stage.id', ({ stage, rows }) => {
  it('are these', () => {
    expect(Object.keys(stage.presets!)).toEqual(Object.keys(rows));
  });

  it.each(Object.entries(rows))('%s equals its row', (name, row) => {
    expect(stage.options.parse(stage.presets![name])).toEqual(row);
  });
});
