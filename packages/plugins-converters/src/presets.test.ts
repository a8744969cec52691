import { describe, expect, it } from 'vitest';

import { adaptiveSpiking } from './adaptive-spiking.js';
import { thresholdBalancing } from './threshold-balancing.js';
import { weightNormalisation } from './weight-normalisation.js';

/** What each original method says, in the options that it decides. */
const thresholdRows = {
  // PrivateSNN (AAAI 2022): T = 150 on CIFAR-10, scale and samples from v1, signed Poisson input, soft reset.
  'paper-aaai': { timeSteps: 150, scale: 0.7, samples: 1000, reset: 'soft', percentile: 100 },
  'paper-v1': { timeSteps: 100, scale: 0.7, samples: 1000, reset: 'soft', percentile: 100 },
  'official-code': { timeSteps: 100, scale: 1, reset: 'soft' },
  // The largest input current, hard reset, T = 2,500, Poisson input.
  'sengupta-2019': { timeSteps: 2500, scale: 1, reset: 'hard', percentile: 100 },
  // The same with soft reset and θ scaled by α.
  'han-2020': { timeSteps: 2500, scale: 0.7, reset: 'soft', percentile: 100 },
  // Thresholds at T = 1,000 from one batch of 512, α = 0.7.
  'rathi-2020': { calibrationSteps: 1000, samples: 512, scale: 0.7, reset: 'delayed-soft' },
};

const normalisationRows = {
  // The 99.9th percentile, θ = 1, reset by subtraction, analog input.
  'rueckauer-2017': {
    statistic: 'percentile',
    percentile: 99.9,
    reset: 'soft',
    encoder: 'constant',
  },
  'diehl-2015-data': { statistic: 'data', reset: 'hard' },
  'diehl-2015-model': { statistic: 'model', reset: 'hard' },
  // From scratch, for tdbn: leak 0.25, hard reset, pixels as a current.
  'zheng-2020': { statistic: 'none', leak: 0.25, reset: 'hard', encoder: 'constant' },
  // From scratch: leak 0.99, θ = 1, T = 100.
  'lee-2020': { statistic: 'none', leak: 0.99, timeSteps: 100 },
};

describe('the presets of threshold-balancing', () => {
  it.each(Object.entries(thresholdRows))('%s is what the method says', (name, row) => {
    const options = thresholdBalancing.options.parse(thresholdBalancing.presets![name]);
    expect(options).toMatchObject({ ...row, encoder: 'poisson', leak: 1, firing: 'strict' });
  });
});

describe('the presets of weight-normalisation', () => {
  it.each(Object.entries(normalisationRows))('%s is what the method says', (name, row) => {
    const options = weightNormalisation.options.parse(weightNormalisation.presets![name]);
    expect(options).toMatchObject({ leak: 1, firing: 'strict', ...row });
  });
});

describe('the preset of adaptive-spiking', () => {
  it('is what the method says: τγ 15, τη = τβ 50, τφ 2.5 ms, ϑ₀ = m_f, analog input', () => {
    const options = adaptiveSpiking.options.parse(adaptiveSpiking.presets!['zambrano-2019']);
    expect(options).toMatchObject({
      tauThreshold: 15,
      tauRefractory: 50,
      tauCurrent: 50,
      tauMembrane: 2.5,
      threshold: 0.1,
      growth: 0.1,
      matchAt: 1,
      encoder: 'constant',
      readout: 'filtered',
    });
  });
});
