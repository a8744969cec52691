import { definePlugin } from '@privatesnn/core';

import { batchNormStatistics } from './batch-norm-statistics.js';
import { dataImpressions } from './data-impressions.js';
import { inception } from './inception.js';
import { noise } from './noise.js';

export { dataImpressionsPresets } from './presets.js';

export default definePlugin({
  name: '@privatesnn/plugins-generators',
  stages: [batchNormStatistics, dataImpressions, inception, noise],
});
