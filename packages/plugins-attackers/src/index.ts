import { definePlugin } from '@privatesnn/core';

import { clampedRate } from './clamped-rate.js';
import { distilReconvert } from './distil-reconvert.js';
import { reconvert } from './reconvert.js';
import { spikeGradient } from './spike-gradient.js';

export default definePlugin({
  name: '@privatesnn/plugins-attackers',
  stages: [clampedRate, distilReconvert, reconvert, spikeGradient],
});
