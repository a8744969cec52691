import { definePlugin } from '@privatesnn/core';

import { reconvert } from './reconvert.js';
import { spikeGradient } from './spike-gradient.js';

export default definePlugin({
  name: '@privatesnn/plugins-attackers',
  stages: [reconvert, spikeGradient],
});
